import { generateRules } from "../capture/dialects.ts";
import { renderUsage } from "../capture/usage.ts";
import { renderPodCommands } from "../formats/commands.ts";
import { renderIptablesSave } from "../formats/iptables-save.ts";
import { renderList } from "../formats/list.ts";
import { renderListing } from "../formats/listing.ts";
import type { PodRules, Ruleset, TableName } from "../model/ruleset.ts";
import { type CaptureCommandLine, lastValue, readCaptureCommand, tellWarnings } from "./capture-options.ts";
import type { Command } from "./command.ts";
import type { OptionSpec } from "./options.ts";
import { renderRulesData } from "./rules-data.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "format", value: "FORMAT", choices: ["save", "list", "listing", "commands", "json"] },
  { name: "family", value: "FAMILY", choices: ["4", "6"] },
  { name: "table", value: "TABLE", choices: ["raw", "mangle", "nat", "filter"] },
  { name: "json", value: null },
];

const HELP = `${renderUsage("landfall generate")}
  --format save       what iptables-save would print (the default); with --family 6 what ip6tables-save would
  --format list       what iptables -S would print of one table, policies included
  --format listing    what iptables -L would print of one table
  --format commands   command lines for a shell, of both families, policy routing too
  --format json       everything, each setting with where it came from; the same as --json
  --family 4|6        the family that is printed (default 4)
  --table TABLE       the table of list and listing (default nat)
  --dialect NAME      whose rules (default istio-1.4)
  --pod-ip ADDR[,ADDR]   the pod's addresses; a single IPv6 address makes an IPv6 pod (default 10.244.0.2)
  --sidecar-env FILE, --cluster-env FILE   files of settings in place of the original's

Nothing is applied, and nothing of this machine is looked at but those files and the names that flags use.
Exit codes: 0 printed · 2 bad input, every finding listed
`;

/** `landfall generate`: the rules of a capture config, not applied. */
export const generate: Command = {
  name: "generate",
  summary: "prints the rules, not applied",
  help: HELP,
  async run(args, io) {
    const command = { specs: SPECS, withoutFlags: "istio-defaults", positionals: "none", usage: HELP } as const;
    const line = readCaptureCommand(args, command, io);
    if (line.capture.purpose === "usage") {
      io.out(HELP);
      return 0;
    }
    tellWarnings(line.capture.warnings, io);
    if (line.capture.purpose === "apply") io.out(renderRules(generateRules(line.capture.config), line));
    return 0;
  },
};

function renderRules(rules: PodRules, { options, capture }: CaptureCommandLine): string {
  const family = lastValue(options, "family") === "6" ? 6 : 4;
  const table = (lastValue(options, "table") ?? "nat") as TableName;
  const ruleset: Ruleset = (family === 6 ? rules.ip6 : rules.ip) ?? { family, tables: [] };
  switch (options.values.has("json") ? "json" : lastValue(options, "format")) {
    case "list":
      return renderList(ruleset, table);
    case "listing":
      return renderListing(ruleset, table);
    case "commands":
      return `${renderPodCommands(rules).join("\n")}\n`;
    case "json":
      return `${JSON.stringify({ formatVersion: "1.0", ...renderRulesData(rules, capture) }, null, 2)}\n`;
    default:
      return renderIptablesSave(ruleset);
  }
}
