import { generateRules } from "../capture/dialects.ts";
import { renderPodCommands } from "../formats/commands.ts";
import { renderIptablesSave } from "../formats/iptables-save.ts";
import { renderList } from "../formats/list.ts";
import { renderListing } from "../formats/listing.ts";
import type { NamedMesh } from "../meshes/meshes.ts";
import type { Finding } from "../model/finding.ts";
import type { PodRules, Ruleset } from "../model/ruleset.ts";
import { renderJson } from "../report/json.ts";
import { lastValue, readCaptureCommand, tellDefaultConfig, tellWarnings } from "./capture-options.ts";
import type { Command, CommandIo } from "./command.ts";
import type { CommandHelp } from "./help.ts";
import { MESH_SPECS, namesMesh } from "./mesh-specs.ts";
import { readListingNames } from "./names.ts";
import type { OptionSpec, ParsedOptions } from "./options.ts";
import { refuseUsage } from "./refusal.ts";
import { renderRulesData, renderTablesData } from "./rules-data.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "format",
    value: "FORMAT",
    choices: ["save", "list", "listing", "listing-numeric", "commands", "json"],
    help: "one of the formats above (default save)",
  },
  { name: "family", value: "4|6", choices: ["4", "6"], help: "the family that is printed (default 4)" },
  {
    name: "table",
    value: "TABLE",
    choices: ["raw", "mangle", "nat", "filter"],
    help: "the table of list, listing and listing-numeric (default nat)",
  },
  { name: "json", value: null, help: "the same as --format json" },
];

const HELP: CommandHelp = {
  usage: ["landfall generate [ISTIO FLAG…] [OPTION…]", "landfall generate --mesh NAME [ITS OPTION…] [OPTION…]"],
  about: [
    "Prints the rules that a capture config makes; without a flag, those of Istio's own defaults, which capture nothing. Nothing is applied, and nothing of this machine is looked at but the files of settings and the names that flags use.",
  ],
  terms: {
    title: "Formats",
    rows: [
      ["save", "what iptables-save would print; with --family 6 what ip6tables-save would"],
      ["list", "what iptables -S would print of one table, policies included"],
      ["listing", "what iptables -L would print of one table, with this machine's names (files only, no DNS)"],
      ["listing-numeric", "what iptables -L -n would print of one table"],
      ["commands", "command lines for a shell, of both families, policy routing too"],
      ["json", "everything, each setting with where it came from"],
    ],
  },
  options: [
    { title: "Options", options: SPECS },
    {
      title: "Another mesh",
      options: MESH_SPECS.filter(({ name }) => name !== "pod-ip"),
    },
  ],
  captureFlags: "listed",
  examples: [
    ["landfall generate -u 1337 -b '*' -i '*' -d 15020 > rules.txt", "the rules of the seed command, in a file"],
    ["landfall generate --mesh linkerd", "the rules that Linkerd's injector asks for"],
    ["landfall generate -b '*' -i '*' --pod-ip 2001:db8::7 --family 6", "an IPv6 pod's, for ip6tables-restore"],
  ],
  exitCodes: { 0: "printed", 2: "bad input, every finding listed" },
};

/** `landfall generate`: the rules of a capture config, not applied. */
export const generate: Command = {
  help: HELP,
  async run(args, io) {
    const { mesh, words } = namesMesh(args) ? await takeMeshApart(args) : { mesh: null, words: args };
    if (mesh !== null) return generateForMesh(mesh, words, io);
    const command = { specs: SPECS, withoutFlags: "istio-defaults", positionals: "none", usage: HELP } as const;
    const line = readCaptureCommand(words, command, io);
    if (line.capture.purpose === "usage") return "help";
    tellDefaultConfig(line, io);
    tellWarnings(line.capture.warnings, io);
    const rules = generateRules(line.capture.config);
    const data = () => renderRulesData(rules, line.capture);
    if (line.capture.purpose === "apply") io.out(renderRules(rules, line.options, data));
    return 0;
  },
};

async function takeMeshApart(args: readonly string[]) {
  const { takeMesh } = await import("./mesh-words.ts");
  const findings: Finding[] = [];
  const taken = takeMesh(args, findings);
  if (findings.length > 0) throw refuseUsage(findings);
  return taken;
}

async function generateForMesh(mesh: NamedMesh, words: readonly string[], io: CommandIo): Promise<number> {
  const { readMeshCommand } = await import("./generate-mesh.ts");
  const { options, bound } = readMeshCommand(mesh, words, SPECS, io);
  const { settings, origins, rules, purpose } = bound;
  const data = () => ({ mesh: mesh.name, settings, origins, ...renderTablesData(rules) });
  if (purpose === "apply") io.out(renderRules(rules, options, data));
  if (purpose === "usage") io.err(`landfall: landfall meshes ${mesh.name} lists the options of this mesh.\n`);
  return 0;
}

function renderRules(rules: PodRules, options: ParsedOptions, data: () => object): string {
  const family = lastValue(options, "family") === "6" ? 6 : 4;
  const table = lastValue(options, "table") ?? "nat";
  const ruleset: Ruleset = (family === 6 ? rules.ip6 : rules.ip) ?? { family, tables: [] };
  switch (options.values.has("json") ? "json" : lastValue(options, "format")) {
    case "list":
      return renderList(ruleset, table);
    case "listing":
      return renderListing(ruleset, table, { naming: readListingNames() });
    case "listing-numeric":
      return renderListing(ruleset, table);
    case "commands":
      return `${renderPodCommands(rules).join("\n")}\n`;
    case "json":
      return renderJson(data());
    default:
      return renderIptablesSave(ruleset);
  }
}
