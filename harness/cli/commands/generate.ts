import { renderPodCommands } from "../../formats/commands.ts";
import { renderIptablesSave } from "../../formats/iptables-save.ts";
import { renderList } from "../../formats/list.ts";
import { renderListing } from "../../formats/listing.ts";
import { renderNftJson, renderNftText } from "../../formats/nft/write-nft.ts";
import { codedFinding } from "../../model/finding.ts";
import { listNftTables, NO_RULES, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import { renderJson } from "../../report/json.ts";
import { readCaptureCommand } from "../arguments/capture-options.ts";
import { takeManifest } from "../arguments/manifest-option.ts";
import { MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "../arguments/options.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { Command } from "../command.ts";
import { readListingNames } from "../input/names.ts";
import { renderRulesData } from "../input/rules-data.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";

/** What only iptables prints or takes. */
const IPTABLES_FORMATS = ["save", "list", "listing", "listing-numeric", "commands"] as const;

const FORMATS = [...IPTABLES_FORMATS, "nft", "nft-json", "json"] as const;

const SPECS: readonly OptionSpec[] = [
  MANIFEST_OPTION,
  {
    name: "format",
    value: "FORMAT",
    choices: FORMATS,
    help: "one of the formats above (default save, and nft for rules of nftables)",
  },
  { name: "family", value: "4|6", choices: ["4", "6"], help: "the family to print (default 4)" },
  {
    name: "table",
    value: "TABLE",
    choices: ["raw", "mangle", "nat", "filter"],
    help: "the table of list, listing and listing-numeric (default nat)",
  },
  { name: "json", value: null, help: "the same as --format json" },
];

const HELP: CommandHelp = {
  usage: ["landfall generate [MESH OPTION…] [OPTION…]"],
  about: [
    "Prints the rules that the given options produce. Without options it uses the defaults of the mesh's own tool (those of Istio's sidecars capture nothing), or, of a tool that refuses to run without options, those that its injector sets. It applies nothing, and reads nothing of this machine except settings files and the user, group and service names that options refer to.",
  ],
  terms: {
    title: "Formats",
    rows: [
      ["save", "what iptables-save would print; with --family 6 what ip6tables-save would"],
      ["list", "what iptables -S would print of one table, policies included"],
      ["listing", "what iptables -L would print of one table, with this machine's names (files only, no DNS)"],
      ["listing-numeric", "what iptables -L -n would print of one table"],
      ["commands", "shell commands for both families and for policy routing"],
      ["nft", "rules of nftables for both families, as nft -f takes them"],
      ["nft-json", "the same as nft -j -f takes them"],
      ["json", "everything, and for each setting where its value came from"],
    ],
  },
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "listed",
  examples: [
    ["landfall generate -u 1337 -b '*' -i '*' -d 15020 > rules.txt", "writes the rules of the seed command to a file"],
    ["landfall generate --mesh kuma --redirect-dns", "prints Kuma's rules for this option"],
    ["landfall generate --mesh istio --native-nftables", "prints Istio's own nftables rules"],
    [
      "landfall generate -b '*' -i '*' --pod-ip 2001:db8::7 --family 6",
      "prints the rules of an IPv6 pod for ip6tables-restore",
    ],
  ],
  exitCodes: { 0: "printed", 2: "bad input: every finding is listed" },
};

/** `landfall generate`: the rules of a capture config, not applied. */
export const generate: Command = {
  help: HELP,
  async run(args, io) {
    const command = {
      specs: SPECS,
      withoutFlags: "tool-if-whole",
      positionals: "none",
      usage: HELP,
      takeManifest,
    } as const;
    const line = readCaptureCommand(args, command, io);
    if (line.purpose === "usage") return { helpOn: line.named };
    tellDefaultConfig(line, io);
    tellWarnings(line.warnings, io);
    const rules = line.capture.generated ?? NO_RULES;
    if (line.purpose === "apply") io.out(renderRules(rules, line.options, () => renderRulesData(rules, line)));
    return 0;
  },
};

function renderRules(rules: PodRules, options: ParsedOptions, data: () => object): string {
  const family = lastValue(options, "family") === "6" ? 6 : 4;
  const table = lastValue(options, "table") ?? "nat";
  const ruleset: Ruleset = (family === 6 ? rules.ip6 : rules.ip) ?? { family, tables: [] };
  const nftTables = listNftTables(rules);
  const given = lastValue(options, "format");
  const format = options.values.has("json") ? "json" : FORMATS.find((one) => one === given);
  refuseOtherTool(format, nftTables.length > 0);
  switch (format ?? (nftTables.length > 0 ? "nft" : "save")) {
    case "save":
      return renderIptablesSave(ruleset);
    case "list":
      return renderList(ruleset, table);
    case "listing":
      return renderListing(ruleset, table, { naming: readListingNames() });
    case "listing-numeric":
      return renderListing(ruleset, table);
    case "commands":
      return `${renderPodCommands(rules).join("\n")}\n`;
    case "nft":
      return renderNftText(nftTables);
    case "nft-json":
      return renderNftJson(nftTables);
    case "json":
      return renderJson(data());
  }
}

/** Throws `bad-input` where rules of one tool are asked for as the other prints them. */
function refuseOtherTool(format: string | undefined, isNft: boolean): void {
  if (format === undefined || format === "json" || isNft === format.startsWith("nft")) return;
  const message = isNft
    ? `These are rules of nftables, which ${format} cannot show; use nft, nft-json or json.`
    : `These are rules of iptables, which ${format} cannot show; landfall translate makes rules of nftables from them.`;
  throw refuseUsage([codedFinding("conflict", "--format", message)]);
}
