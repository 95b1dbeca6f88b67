import { type MappedClass, mapFlows } from "../../analysis/map.ts";
import { renderIptablesSave } from "../../formats/iptables-save.ts";
import { renderList } from "../../formats/list.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { listRules, type Ruleset } from "../../model/ruleset.ts";
import { renderJson } from "../../report/json.ts";
import {
  type ContainerRules,
  type ContainerRuleset,
  readContainerRules,
} from "../../sandbox/docker/container-rules.ts";
import { connectEngine } from "../../sandbox/docker/engine.ts";
import { type OptionSpec, readOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { readAnalysisInput } from "../input/analysis-input.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";
import { listClasses, renderMap } from "./map.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "format",
    value: "FORMAT",
    choices: ["list", "save", "json"],
    help: "one of the formats above (default list)",
  },
  {
    name: "family",
    value: "4|6",
    choices: ["4", "6"],
    help: "only this family (default both; with --format save, 4)",
  },
  { name: "json", value: null, help: "the same as --format json" },
];

const HELP: CommandHelp = {
  usage: ["landfall inspect CONTAINER [OPTION…]"],
  about: [
    "Prints the rules of a running container and where TCP flows land under them. It prints both families, and the rules of both iptables-nft and iptables-legacy, because the kernel applies both. The map covers iptables-nft only, and assumes the addresses of a sandbox (pod 10.244.0.2) and a proxy on 15001 and 15006. CONTAINER is a name or an id. The command needs root and changes nothing.",
  ],
  terms: {
    title: "Formats",
    rows: [
      ["list", "rules as iptables -S prints them, table by table, then the map"],
      ["save", "rules as iptables-save -c prints them, as input for landfall map, diff and prove"],
      ["json", "rules and map as JSON"],
    ],
  },
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "none",
  examples: [
    ["landfall inspect pod --format save > rules.txt", "writes the rules of the container named pod to a file"],
  ],
  exitCodes: {
    0: "printed",
    2: "there is no such container, or it is not running",
    3: "the container's network namespace cannot be entered",
  },
};

/** `landfall inspect CONTAINER`: the rules that a running container has. */
export const inspect: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, SPECS);
    const { values, positionals } = options;
    const [container = ""] = positionals;
    const count = positionals.length === 0 ? "No container is named" : `${positionals.length} containers are named`;
    const findings = [
      ...found,
      ...(positionals.length === 1
        ? findContainerFault(container)
        : [codedFinding("unknown-name", "CONTAINER", `${count}; name one container, by its name or id in docker ps.`)]),
    ];
    if (findings.length > 0) throw refuseUsage(findings);
    const rules = await readContainerRules(connectEngine(), container);
    const format = values.has("json") ? "json" : (values.get("format")?.[0] ?? "list");
    const family = values.get("family")?.[0] ?? (format === "save" ? "4" : null);
    const rulesets = rules.rulesets.filter(({ ruleset }) => family === null || String(ruleset.family) === family);
    io.out(render(format, { ...rules, rulesets }, io));
    return 0;
  },
};

/** What is no name would be read as a path of the engine's interface. */
function findContainerFault(name: string): readonly Finding[] {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) return [];
  const message = `"${name}" is not the name or id of a container; docker ps lists the running ones.`;
  return [codedFinding("unknown-name", "CONTAINER", message)];
}

function render(format: string, rules: ContainerRules, io: CommandIo): string {
  const { id, name, pid, rulesets } = rules;
  if (format === "save") {
    if (rulesets.every(hasNoRule))
      io.err(`landfall: ${name} has no rules in ${rulesets.map(nameVariant).join(", ")}.\n`);
    return rulesets.map(({ ruleset }) => renderIptablesSave(ruleset)).join("");
  }
  const classes = mapRulesets(rulesets, io);
  if (format === "list")
    return `${rulesets.map(renderLists).join("")}# where every TCP flow lands\n${renderMap(classes, io)}`;
  const data = rulesets.map(({ variant, ruleset }) => ({ variant, family: ruleset.family, ...tablesOf(ruleset) }));
  const container = { id, name, pid };
  return renderJson({ container, rulesets: data, classes: listClasses(classes) });
}

function mapRulesets(rulesets: readonly ContainerRuleset[], io: CommandIo): readonly MappedClass[] {
  const { rules, setting } = readAnalysisInput([], [], io);
  return rulesets
    .filter(({ variant }) => variant === "nft")
    .flatMap(({ ruleset }) => {
      const own = ruleset.family === 6 ? { ip6: ruleset } : { ip: ruleset };
      return mapFlows({ ...rules, ip: null, ip6: null, ...own }, ruleset.family, setting);
    });
}

/** Gives the rules by table, lines as `iptables -S` prints them; tables that nobody has touched are not there. */
function tablesOf(ruleset: Ruleset): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(ruleset.tables.map(({ name }) => [name, listLines(ruleset, name)]));
}

function listLines(ruleset: Ruleset, table: string): readonly string[] {
  return renderList(ruleset, table).trimEnd().split("\n");
}

function renderLists(from: ContainerRuleset): string {
  const [title, { ruleset }] = [nameVariant(from), from];
  const none = hasNoRule(from) ? `# ${title} has no rules\n` : "";
  return none + ruleset.tables.map(({ name }) => `# ${title} -t ${name} -S\n${renderList(ruleset, name)}`).join("");
}

function nameVariant({ variant, ruleset }: ContainerRuleset): string {
  return `${toolOfFamily(ruleset.family)}-${variant}`;
}

function hasNoRule({ ruleset }: ContainerRuleset): boolean {
  return listRules(ruleset).length === 0;
}
