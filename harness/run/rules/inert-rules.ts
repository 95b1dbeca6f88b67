import type { Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { renderCount } from "../../model/listed-words.ts";
import { listNextChains, listTargets } from "../../model/rule-parts.ts";
import { listRules, NO_RULES, type Ruleset, type Table } from "../../model/ruleset.ts";
import { conntrackOf } from "../../netfilter/pod.ts";
import type { CountedRules, Installation } from "../../sandbox/sandbox.ts";

/** What is in the pod, and what was to be. */
export interface RulesInPod {
  readonly installation: Installation;
  readonly capture: Capture;
  /** Families of the pod of which the report says elsewhere that no rules were given for them. */
  readonly notLookedAt?: readonly Family[];
  /** As the kernel has them. */
  readonly kernel: CountedRules;
}

/**
 * Names user-supplied rules that have no effect, one sentence each: a family that is not under test, a file without rules, rules that the
 * kernel does not have, a table that the config's own rules would fill, chains that no rule jumps to, a nat table that is never consulted,
 * TPROXY in a file if the options do not ask for it. Without these sentences, a run that requires little could pass because of rules that
 * are not there.
 */
export function describeInertRules(pod: RulesInPod): readonly string[] {
  const own = pod.capture.generated ?? NO_RULES;
  const families = [
    { family: 4, name: "IPv4", option: "--rules", key: "ip" },
    { family: 6, name: "IPv6", option: "--rules6", key: "ip6" },
  ] as const;
  const asked = families.filter(({ family }) => !pod.notLookedAt?.includes(family));
  return asked.flatMap(({ name, option, key }) => {
    const { installation } = pod;
    const given = installation.kind === "script" ? null : installation.rules[key];
    if (installation.kind !== "script" && given === null)
      return [`${name} is not under test: no file contains rules for it, so no flow of that family is driven.`];
    const kernel = pod.kernel[key];
    if (listRules(kernel).length === 0 && listRules(given).length === 0) {
      const who =
        installation.kind === "script" ? "the script has added no rules" : `the file of ${option} has no rules`;
      return listRules(own[key]).length > 0 || installation.kind !== "script" ? [`${name}: ${who}.`] : [];
    }
    const said = [
      ...describeMissing(given, kernel),
      ...describeEmptyTables(own[key], kernel),
      ...describeOrphans(own[key], kernel),
      ...describeIdleNat(kernel),
      ...describeRouting(kernel, pod),
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

/** Native tables of nft have names of their own, and may do what a table of iptables would. */
function describeEmptyTables(own: Ruleset | null, kernel: Ruleset | null): readonly string[] {
  if (kernel?.tables.some(({ source }) => source === "nft")) return [];
  return (own?.tables ?? []).flatMap((table) => {
    const wanted = countTable(table);
    const there = countTable(kernel?.tables.find(({ name }) => name === table.name));
    if (wanted === 0 || there > 0) return [];
    return [
      `the table ${table.name} is empty, but with these settings the generator writes ${renderCount(wanted, "rule")} there.`,
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
        `no rule jumps to the chain ${table} ${name}, so its ${renderCount(rules.length, "rule")} never ${rules.length === 1 ? "applies" : "apply"}.`,
    );
}

function listOrphans(ruleset: Ruleset | null) {
  const chains = listChains(ruleset);
  const reached = new Set(chains.filter(({ base }) => base !== null));
  for (const { table, rules } of reached) {
    const targets = rules.flatMap(listNextChains);
    for (const chain of chains) if (chain.table === table && targets.includes(chain.name)) reached.add(chain);
  }
  return chains.filter((chain) => !reached.has(chain) && chain.rules.length > 0);
}

/** nf_nat shows packets to the nat table only where connections are tracked, which nothing but certain rules asks for. */
function describeIdleNat(kernel: Ruleset | null): readonly string[] {
  const nat = countTable(kernel?.tables.find(({ name }) => name === "nat"));
  const isUnderstood = listRules(kernel).every(
    ({ target, matches }) => target?.kind !== "unknown" && matches.every(({ kind }) => kind !== "unknown"),
  );
  if (nat === 0 || !isUnderstood || conntrackOf(kernel) === "on") return [];
  return ["no rule tracks or rewrites connections, so no packet ever reaches the nat table."];
}

/** What TPROXY marks is delivered by a route of its own, of which a file of rules says nothing. */
function describeRouting(kernel: Ruleset | null, { installation }: RulesInPod): readonly string[] {
  const marks = listRules(kernel).some((rule) =>
    listTargets(rule).some(({ kind }) => kind === "tproxy" || kind === "tproxy-socket"),
  );
  if (!marks || installation.kind === "script" || installation.rules.policyRouting.rules.length > 0) return [];
  return [
    "rules use TPROXY without policy routing, which neither the settings nor --routing gives. Only traffic to the pod's own address is delivered.",
  ];
}

function listChains(ruleset: Ruleset | null) {
  return (ruleset?.tables ?? []).flatMap(({ name, chains }) => chains.map((chain) => ({ ...chain, table: name })));
}

function countTable(table: Table | undefined): number {
  return (table?.chains ?? []).reduce((sum, { rules }) => sum + rules.length, 0);
}
