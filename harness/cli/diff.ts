import { type Change, diffRulesets } from "../analysis/diff.ts";
import { impliedMode, impliedRouting } from "../analysis/pod-under-analysis.ts";
import { parseCapture } from "../capture/capture.ts";
import { SEED_WORDS } from "../capture/flags.ts";
import { type Finding, finding } from "../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../model/pod.ts";
import { NO_POLICY_ROUTING, type PodRules, type Ruleset } from "../model/ruleset.ts";
import { describeLanding, describeRule } from "../report/landing-phrase.ts";
import { makePodSpec } from "../run/pod-spec.ts";
import { readBudget, readRulesFile, refuse } from "./analysis-input.ts";
import { lastValue } from "./capture-options.ts";
import type { Command, CommandIo } from "./command.ts";
import { readAcceptance, withoutAccepted, writeAcceptance } from "./diff-acceptance.ts";
import { type OptionSpec, readOptions } from "./options.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "family", value: "FAMILY", choices: ["4", "6"] },
  { name: "accept", value: "FILE" },
  { name: "write-accept", value: "FILE" },
  { name: "budget", value: "NODES" },
  { name: "json", value: null },
];

const HELP = `Usage: landfall diff BEFORE AFTER [OPTION…]

Gives every class of flows that two rule sets land differently, with one flow that stands for it and the rules that decide it.
BEFORE and AFTER are files as iptables-save or ip6tables-save prints them.

  --family 4|6         the family of both files, where their headers do not tell
  --accept FILE        changes that are meant: those listed there are not counted
  --write-accept FILE  writes the changes found to such a file
  --budget NODES       diagram nodes an analysis may make before it gives up (default 4000000)
  --json               the result as data
Such files say nothing of policy routing: what TPROXY and its marks need is taken as installed.
Exit codes: 0 no flow lands elsewhere · 1 some do · 2 bad input · 3 the budget ran out
`;

/** `landfall diff`: every class of flows that two rule sets land differently. */
export const diff: Command = {
  name: "diff",
  summary: "gives every class of flows that two rule sets land differently",
  help: HELP,
  async run(args, io) {
    const { options, findings } = readOptions(args, SPECS);
    const [before, after] = readBoth(options.positionals, lastValue(options, "family"), io, [...findings]);
    const accepted = readAcceptance(lastValue(options, "accept"), io);
    const found = compare(before, after, readBudget(lastValue(options, "budget")));
    const changes = withoutAccepted(found, accepted);
    const target = lastValue(options, "write-accept");
    if (target !== undefined) writeAcceptance(found, target, io);
    io.out(
      options.values.has("json")
        ? renderData(changes)
        : renderText(changes, found.length - changes.length, [before, after]),
    );
    return changes.length === 0 ? 0 : 1;
  },
};

function readBoth(
  paths: readonly string[],
  family: string | undefined,
  io: CommandIo,
  findings: Finding[],
): readonly [Ruleset, Ruleset] {
  const named = family === undefined ? null : family === "6" ? 6 : 4;
  if (paths.length !== 2)
    findings.push(
      finding("diff", `Two files are compared, and ${paths.length} were named; write landfall diff BEFORE AFTER.`),
    );
  const [before, after] = paths.map((path) => readRulesFile(path, named, io, findings));
  if (before && after && before.family !== after.family) {
    findings.push(
      finding(
        paths[1] ?? "",
        `${paths[0]} is for IPv${before.family} and ${paths[1]} for IPv${after.family}; compare one family.`,
      ),
    );
  }
  if (findings.length > 0 || !before || !after) throw refuse(findings);
  return [before, after];
}

/** The sandbox is that of the seed command: its ports and its proxy's owner. */
function compare(before: Ruleset, after: Ruleset, budget: number | null): readonly Change[] {
  const { family } = before;
  const rulesets = [before, after];
  const routing = rulesets.map(impliedRouting);
  const lines = (part: "rules" | "routes" | "addresses") => [...new Set(routing.flatMap((one) => one[part]))];
  const policyRouting = { rules: lines("rules"), routes: lines("routes"), addresses: lines("addresses") };
  const toPod = (ruleset: Ruleset): PodRules => ({
    ip: family === 4 ? ruleset : null,
    ip6: family === 6 ? ruleset : null,
    policyRouting:
      policyRouting.rules.length + policyRouting.addresses.length === 0 ? NO_POLICY_ROUTING : policyRouting,
  });
  const setting = {
    spec: { ...makePodSpec(seedConfig(), [], [], DEFAULT_ADDRESSES), interceptionMode: impliedMode(rulesets) },
    addresses: DEFAULT_ADDRESSES,
    passThrough: policyRouting.addresses.length > 0 ? ("there" as const) : ("absent" as const),
    ...(budget === null ? {} : { budget }),
  };
  return diffRulesets({ family, before: toPod(before), after: toPod(after), setting });
}

function seedConfig() {
  const none = () => null;
  const names = { user: none, group: none, service: none, routeTable: none };
  const parsed = parseCapture({
    words: SEED_WORDS,
    environment: {},
    files: [],
    names,
    podIps: [DEFAULT_ADDRESSES.pod[4]],
  });
  if (!parsed.ok) throw new TypeError(parsed.findings[0]?.message);
  return parsed.value.config;
}

function renderData(changes: readonly Change[]): string {
  const data = changes.map(({ witness, ...change }) => ({ witness: witness.flow, ...change }));
  return `${JSON.stringify({ formatVersion: "1.0", equivalent: changes.length === 0, changes: data }, null, 2)}\n`;
}

function renderText(changes: readonly Change[], accepted: number, rulesets: readonly Ruleset[]): string {
  const count = changes.length === 1 ? "One class of flows lands" : `${changes.length} classes of flows land`;
  const head = changes.length === 0 ? "No flow lands elsewhere.\n" : `${count} elsewhere.\n`;
  const aside = accepted === 0 ? "" : `${accepted} accepted change${accepted === 1 ? "" : "s"} left out.\n`;
  const marks = rulesets.some((ruleset) => impliedRouting(ruleset).rules.length > 0);
  const note = marks ? "The policy routing that TPROXY's marks need is taken as installed.\n" : "";
  return changes.map(renderChange).join("") + head + aside + note;
}

function renderChange({ witness, before, after, class: text, rulesBefore, rulesAfter }: Change): string {
  const rules = (places: Change["rulesBefore"]) =>
    places.map((place) => `           ${describeRule(place)}\n`).join("");
  return [
    `${text}\n`,
    `  flow     ${witness.flow.flow}\n`,
    `  before   ${describeLanding(before)}\n${rules(rulesBefore)}`,
    `  after    ${describeLanding(after)}\n${rules(rulesAfter)}\n`,
  ].join("");
}
