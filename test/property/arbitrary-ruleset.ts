import fc from "fast-check";
import type { Family } from "../../harness/model/address.ts";
import {
  BUILT_IN_CHAINS,
  findBase,
  makeIptablesTable,
  TABLE_NAMES,
  type TableName,
} from "../../harness/model/iptables-tables.ts";
import type { Chain, Rule, Ruleset, Table } from "../../harness/model/ruleset.ts";
import type { Target } from "../../harness/model/target.ts";
import {
  arbitraryAddress,
  arbitraryMark,
  arbitraryMatches,
  arbitraryPort,
  arbitraryRange,
  type RulePosition,
  type Vocabulary,
} from "./arbitrary-rule.ts";

/** What rule sets to make. */
export interface RulesetShape {
  readonly family: Family;
  readonly vocabulary: Vocabulary;
  /** Rules in one chain at the most. */
  readonly rulesAtMost?: number;
}

const COUNTERS = { packets: 0, bytes: 0 };
/** User-defined chains below each built-in one. A chain goes only to those after it, so there are no loops. */
const CHAINS_BELOW = 2;

/**
 * Gives rule sets that the kernel takes as they are, over all tables and the whole vocabulary: matches and targets stand only where they
 * are valid, values lie at the boundaries where rules turn (loopback, the pod's own addresses, proxy ports, owners and their
 * neighbours). Chains and matches have the order in which iptables prints them.
 */
export function arbitraryRuleset(shape: RulesetShape): fc.Arbitrary<Ruleset> {
  const tables = fc.subarray([...TABLE_NAMES], { minLength: 1 });
  return tables.chain((names) =>
    fc
      .tuple(...names.map((name) => arbitraryTable(name, shape)))
      .map((made) => ({ family: shape.family, tables: made })),
  );
}

function arbitraryTable(name: TableName, shape: RulesetShape): fc.Arbitrary<Table> {
  const builtIn = BUILT_IN_CHAINS[name].map((hook) => arbitraryChain(name, hook, 0, shape));
  const others = BUILT_IN_CHAINS[name].flatMap((hook) =>
    Array.from({ length: CHAINS_BELOW }, (_, i) => arbitraryChain(name, hook, i + 1, shape)),
  );
  return fc
    .tuple(fc.tuple(...builtIn), fc.tuple(...others))
    .map(([first, rest]) =>
      makeIptablesTable(name, shape.family, [...first, ...rest.toSorted((a, b) => (a.name < b.name ? -1 : 1))]),
    );
}

function chainName(hook: string, depth: number): string {
  return depth === 0 ? hook : `${hook}_${depth}`;
}

function arbitraryChain(table: TableName, hook: string, depth: number, shape: RulesetShape): fc.Arbitrary<Chain> {
  const policies = table === "filter" ? (["ACCEPT", "ACCEPT", "ACCEPT", "DROP"] as const) : (["ACCEPT"] as const);
  const rules = fc.array(arbitraryRule(table, hook, depth, shape), { maxLength: shape.rulesAtMost ?? 5 });
  return fc.tuple(rules, fc.constantFrom(...policies)).map(([made, policy]) => ({
    name: chainName(hook, depth),
    base: depth === 0 ? findBase(table, hook, policy) : null,
    rules: made,
    counters: COUNTERS,
  }));
}

function arbitraryRule(table: TableName, hook: string, depth: number, shape: RulesetShape): fc.Arbitrary<Rule> {
  const position: RulePosition = { ...shape, hook };
  return arbitraryMatches(position).chain(({ protocol, matches }) =>
    arbitraryTarget(table, position, depth, protocol).map((target) => ({ matches, target })),
  );
}

function arbitraryTarget(
  table: TableName,
  position: RulePosition,
  depth: number,
  protocol: string | null,
): fc.Arbitrary<Target | null> {
  const below = Array.from({ length: CHAINS_BELOW - depth }, (_, i) => chainName(position.hook, depth + i + 1));
  const options: fc.Arbitrary<Target | null>[] = [
    fc.constantFrom<Target | null>({ kind: "accept" }, { kind: "return" }, null),
    ...below.flatMap((chain) => [
      fc.constant<Target>({ kind: "jump", chain }),
      fc.constant<Target>({ kind: "goto", chain }),
    ]),
    ...tableTargets(table, position, protocol),
    ...(table === "nat" ? [] : [fc.constant<Target>({ kind: "drop" })]),
    ...(position.vocabulary === "whole"
      ? [
          fc.constantFrom<Target>(
            { kind: "log", options: '--log-prefix "a b" --log-level 7' },
            { kind: "log", options: "" },
          ),
        ]
      : []),
  ];
  return fc.oneof(...options);
}

function tableTargets(
  table: TableName,
  position: RulePosition,
  protocol: string | null,
): readonly fc.Arbitrary<Target>[] {
  switch (table) {
    case "raw":
      return [fc.constantFrom<Target>({ kind: "notrack", module: "CT" }, { kind: "notrack", module: "NOTRACK" })];
    case "mangle":
      return [
        ...markTargets,
        ...(position.hook === "PREROUTING" && protocol === "tcp" ? [arbitraryTproxy(position.family)] : []),
      ];
    case "nat":
      return natTargets(position, protocol);
    case "filter":
      return [
        fc.constant({
          kind: "reject",
          with: position.family === 4 ? "icmp-port-unreachable" : "icmp6-port-unreachable",
        }),
      ];
  }
}

const markTargets: readonly fc.Arbitrary<Target>[] = [
  fc.record({ kind: fc.constant("mark" as const), value: arbitraryMark, mask: arbitraryMark }),
  fc.record({ kind: fc.constant("connmark-set" as const), value: arbitraryMark, mask: arbitraryMark }),
  fc.record({
    kind: fc.constantFrom("connmark-save" as const, "connmark-restore" as const),
    nfmask: arbitraryMark,
    ctmask: arbitraryMark,
  }),
];

function arbitraryTproxy(family: Family): fc.Arbitrary<Target> {
  return fc.record({
    kind: fc.constant("tproxy" as const),
    port: fc.constantFrom(15001, 15006),
    address: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: arbitraryAddress(family) }),
    mark: fc.record({ value: arbitraryMark, mask: arbitraryMark }),
  });
}

function natTargets({ family, hook }: RulePosition, protocol: string | null): readonly fc.Arbitrary<Target>[] {
  const hasPorts = protocol === "tcp" || protocol === "udp";
  const ports = hasPorts
    ? fc.oneof({ weight: 4, arbitrary: arbitraryRange(arbitraryPort) }, { weight: 1, arbitrary: fc.constant(null) })
    : fc.constant(null);
  const proxyPorts = hasPorts
    ? fc.oneof(
        fc.constantFrom(15001, 15006, 8080).map((port) => ({ first: port, last: port })),
        ports,
      )
    : ports;
  const address = arbitraryAddress(family).map((first) => ({ first, last: first }));
  const nat = (kind: "dnat" | "snat") =>
    fc.record({ kind: fc.constant(kind), addresses: address, ports, flags: fc.constant([]) });
  if (hook === "INPUT") return [nat("snat")];
  if (hook === "POSTROUTING")
    return [nat("snat"), fc.record({ kind: fc.constant("masquerade" as const), ports, flags: fc.constant([]) })];
  const redirect = fc.record({ kind: fc.constant("redirect" as const), ports: proxyPorts, random: fc.constant(false) });
  return [redirect, redirect, redirect, nat("dnat")];
}
