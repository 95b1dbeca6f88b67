import { generateRules } from "../capture/dialects.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { PolicyRouting, Ruleset, Table } from "../model/ruleset.ts";
import { conntrackOf } from "../netfilter/pod.ts";
import type { CountedRules, Installation, Sandbox } from "../sandbox/sandbox.ts";
import type { BoundScenario } from "./bound-scenario.ts";

/** What is in the pod, and what was to be. */
export interface RulesInPod {
  readonly installation: Installation;
  readonly config: CaptureConfig;
  /** As the kernel has them. */
  readonly kernel: CountedRules;
  /** `ip rule` and `ip route show table all` as they print, one after the other; null where there is no kernel to ask. */
  readonly routing: string | null;
}

/** Gives what {@link describeInertRules} says of the rules that are in a sandbox's pod now. */
export async function findInertRules(
  { installation, config }: BoundScenario,
  sandbox: Sandbox,
): Promise<readonly string[]> {
  const evidence = await sandbox.gatherEvidence();
  const routing = "routing" in evidence ? evidence.routing : null;
  return describeInertRules({ installation, config, kernel: await sandbox.counters(), routing });
}

/**
 * Says what of rules from outside does not apply, a sentence each; none where all of it does. A flow that such rules would have taken goes
 * its way untouched, so that without these sentences a run that asks for little could pass by rules that are not there:
 * a family that is not under test, nothing put in, rules that the kernel does not have, a table that the config's own rules would fill,
 * chains that nothing leads to, a nat table that is never consulted, TPROXY without routes for what it marks.
 */
export function describeInertRules(pod: RulesInPod): readonly string[] {
  const own = generateRules(pod.config);
  const families = [
    { name: "IPv4", option: "--rules", key: "ip" },
    { name: "IPv6", option: "--rules6", key: "ip6" },
  ] as const;
  return families.flatMap(({ name, option, key }) => {
    const { installation } = pod;
    const given = installation.kind === "script" ? null : installation.rules[key];
    if (installation.kind !== "script" && given === null)
      return [`${name} is not under test: ${option} names no file, and no flow of that family is driven.`];
    const kernel = pod.kernel[key];
    if (countRules(kernel) === 0 && countRules(given) === 0) {
      const who =
        installation.kind === "script" ? "the script has put in no rule" : `the file of ${option} has no rule`;
      return countRules(own[key]) > 0 || installation.kind !== "script" ? [`${name}: ${who}.`] : [];
    }
    const said = [
      ...describeMissing(given, kernel),
      ...describeEmptyTables(own[key], kernel),
      ...describeOrphans(own[key], kernel),
      ...describeIdleNat(kernel),
      ...describeRouting(kernel, own.policyRouting, pod),
    ];
    return said.map((sentence) => `${name}: ${sentence}`);
  });
}

function describeMissing(given: Ruleset | null, kernel: Ruleset | null): readonly string[] {
  return listChains(given).flatMap(({ table, name, rules }) => {
    const there = listChains(kernel).find((chain) => chain.table === table && chain.name === name)?.rules.length ?? 0;
    if (there === rules.length) return [];
    return [`the kernel has ${there} of the ${rules.length} rules of ${table} ${name}.`];
  });
}

function describeEmptyTables(own: Ruleset | null, kernel: Ruleset | null): readonly string[] {
  return (own?.tables ?? []).flatMap((table) => {
    const wanted = countTable(table);
    const there = countTable(kernel?.tables.find(({ name }) => name === table.name));
    if (wanted === 0 || there > 0) return [];
    return [
      `the table ${table.name} is empty; for this capture config istio-iptables writes ${numberRules(wanted)} there.`,
    ];
  });
}

/** Chains with rules that no jump leads to; the generator makes some as well, and those are no surprise. */
function describeOrphans(own: Ruleset | null, kernel: Ruleset | null): readonly string[] {
  const usual = new Set(listOrphans(own).map(({ table, name }) => `${table} ${name}`));
  return listOrphans(kernel)
    .filter(({ table, name }) => !usual.has(`${table} ${name}`))
    .map(
      ({ table, name, rules }) =>
        `no rule leads to the chain ${table} ${name}, so its ${numberRules(rules.length)} never apply.`,
    );
}

function listOrphans(ruleset: Ruleset | null) {
  const chains = listChains(ruleset);
  const reached = new Set(chains.filter(({ policy }) => policy !== null));
  for (const { table, rules } of reached) {
    const targets = rules.flatMap(({ target }) =>
      target?.kind === "jump" || target?.kind === "goto" ? [target.chain] : [],
    );
    for (const chain of chains) if (chain.table === table && targets.includes(chain.name)) reached.add(chain);
  }
  return chains.filter((chain) => !reached.has(chain) && chain.rules.length > 0);
}

/** nf_nat shows packets to the nat table only where connections are tracked, which nothing but certain rules asks for. */
function describeIdleNat(kernel: Ruleset | null): readonly string[] {
  const nat = countTable(kernel?.tables.find(({ name }) => name === "nat"));
  const isUnderstood = listChains(kernel).every(({ rules }) =>
    rules.every(({ target, matches }) => target?.kind !== "unknown" && matches.every(({ kind }) => kind !== "unknown")),
  );
  if (nat === 0 || !isUnderstood || conntrackOf(kernel) === "on") return [];
  return ["no rule tracks or rewrites connections, so that no packet ever meets the table nat."];
}

/** What TPROXY marks is delivered by a route of its own; a file of rules says nothing of it, a script has to set it up. */
function describeRouting(
  kernel: Ruleset | null,
  { rules, routes }: PolicyRouting,
  { installation, routing }: RulesInPod,
): readonly string[] {
  const marks = listChains(kernel).some((chain) => chain.rules.some(({ target }) => target?.kind === "tproxy"));
  if (!marks) return [];
  if (installation.kind !== "script")
    return installation.rules.policyRouting.rules.length > 0
      ? []
      : [
          "rules use TPROXY without policy routing, which is put in where the flags say -m TPROXY. Only what is for the pod's own address is delivered.",
        ];
  const missing = [...rules, ...routes].filter((line) => routing !== null && !hasLine(routing, line));
  return missing.length === 0
    ? []
    : [
        `rules use TPROXY, and policy routing for it is missing: ${missing.join("; ")}. Only what is for the pod's own address is delivered.`,
      ];
}

/** `ip` prints a rule's or route's words in this order, with others before, between and after: `32765:	from all fwmark 0x539 lookup 133`. */
function hasLine(printed: string, wanted: string): boolean {
  const words = wanted.split(" ");
  return printed.split("\n").some((line) => {
    const there = line.trim().split(/\s+/);
    return words.every((word) => there.includes(word));
  });
}

function listChains(ruleset: Ruleset | null) {
  return (ruleset?.tables ?? []).flatMap(({ name, chains }) => chains.map((chain) => ({ ...chain, table: name })));
}

function countRules(ruleset: Ruleset | null): number {
  return (ruleset?.tables ?? []).reduce((sum, table) => sum + countTable(table), 0);
}

function countTable(table: Table | undefined): number {
  return (table?.chains ?? []).reduce((sum, { rules }) => sum + rules.length, 0);
}

function numberRules(count: number): string {
  return count === 1 ? "1 rule" : `${count} rules`;
}
