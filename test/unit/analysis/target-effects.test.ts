import { describe, expect, test } from "vitest";
import {
  courseOf,
  findMattering,
  listRewritings,
  type Rewriting,
  readsChanged,
  rewritingOf,
} from "../../../harness/analysis/diagrams/target-effects.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { BaseChain, Chain, Rule, Ruleset, Table } from "../../../harness/model/ruleset.ts";
import type { Target } from "../../../harness/model/target.ts";
import { type HiddenAttribute, targetTraits } from "../../../harness/model/target-traits.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { SAMPLE_TARGETS } from "../model/sample-targets.ts";
import { flowOf, SPEC } from "../netfilter/setup.ts";

const KINDS = Object.keys(SAMPLE_TARGETS) as Target["kind"][];
const NOTHING: ReadonlySet<HiddenAttribute> = new Set();

const ruleOf = (target: Target, ...texts: readonly string[]): Rule => ({
  matches: texts.map((text) => ({ kind: "unknown", text })),
  target,
});

function rulesetOf(rules: readonly Rule[], base: Partial<BaseChain> = {}, family: 4 | 6 = 4): Ruleset {
  const hook: Chain = {
    name: "OUTPUT",
    base: { hook: "output", type: "filter", priority: 0, policy: "ACCEPT", ...base },
    rules,
  };
  const empty: Chain = { name: "EMPTY", base: null, rules: [] };
  const table: Table = { family: family === 4 ? "ip" : "ip6", source: "nft", name: "t", chains: [hook, empty] };
  return { family, tables: [table] };
}

const BASES: Partial<Record<Target["kind"], Partial<BaseChain>>> = {
  redirect: { type: "nat" },
  dnat: { type: "nat" },
  snat: { type: "nat", hook: "postrouting" },
  masquerade: { type: "nat", hook: "postrouting" },
  tproxy: { hook: "prerouting" },
  "tproxy-socket": { hook: "prerouting" },
};

/** Says whether a chain goes on behind a rule with a target: the next one asks what nobody knows. */
function goesOn(target: Target): boolean {
  const base = BASES[target.kind] ?? {};
  const ip = rulesetOf([ruleOf(target), ruleOf({ kind: "drop" }, "-m asked")], base);
  const pod = compilePod({ ip, ip6: null, policyRouting: NO_POLICY_ROUTING }, SPEC, DEFAULT_ADDRESSES);
  const text = base.hook === "prerouting" ? "client -> pod:8080" : "app -> 10.96.0.1:80";
  const landing = pod.land(flowOf(text), "answer");
  return landing.cause?.includes("-m asked") ?? false;
}

describe("the next rule of a chain is asked exactly where the simulator asks it, behind", () => {
  test.each(KINDS.filter((kind) => kind !== "unknown"))("%s", (kind) => {
    const target = SAMPLE_TARGETS[kind];
    const course = courseOf(target, NOTHING);
    expect(course === "act" || course === "next" || kind === "jump").toBe(goesOn(target));
  });
});

test("no target that decides, or calls a chain, changes what is hidden", () => {
  const deciding = KINDS.filter((kind) => !["act", "next"].includes(courseOf(SAMPLE_TARGETS[kind], NOTHING)));
  expect(deciding.flatMap((kind) => targetTraits(SAMPLE_TARGETS[kind]).changes)).toEqual([]);
});

describe("what the simulator does not follow matters where", () => {
  const DSCP: Target = { kind: "side-effect", name: "DSCP", options: "--set-dscp 0x20" };
  const TCPMSS: Target = { kind: "side-effect", name: "TCPMSS", options: "--set-mss 1400" };
  const log = (...texts: readonly string[]) => ruleOf({ kind: "log", options: "" }, ...texts);
  test.each<readonly [string, readonly HiddenAttribute[], readonly (readonly Rule[])[]]>([
    ["one rule changes it and another may read it", ["tos"], [[ruleOf(DSCP), log("-m tos --tos 0x10")]]],
    [
      "the other is of another rule set",
      ["tos"],
      [[ruleOf(DSCP)], [log("-m ttl --ttl-eq 1"), log("-m tos --tos 0x10")]],
    ],
    ["nobody knows what a match reads", ["tos"], [[ruleOf(DSCP), log("-m unheard-of")]]],
    [
      "one match of several reads one thing of several",
      ["length"],
      [[ruleOf(TCPMSS), log("-m time --x", "-m length --length 40")]],
    ],
    ["no match reads it: nowhere", [], [[ruleOf(DSCP), log("-m ttl --ttl-eq 1")]]],
    [
      "no match is kept as text: nowhere",
      [],
      [[ruleOf(DSCP), { matches: [{ kind: "comment", text: "-m tos" }], target: null }]],
    ],
    ["no rule changes it: nowhere", [], [[log("-m tos --tos 0x10"), log("-m unheard-of")]]],
  ])("%s", (_, expected, sets) => expect([...findMattering(sets.map((rules) => rulesetOf(rules)))]).toEqual(expected));

  test.each<readonly [string, boolean, readonly HiddenAttribute[]]>([
    ["-m tos --tos 0x10", true, ["length", "tos"]],
    ["-m tos --tos 0x10", false, ["length"]],
    ["-m ecn --ecn-tcp-ece", true, ["tcp-header"]],
    ["-m time --x", false, ["length", "tos"]],
    ["-m unheard-of", true, ["length"]],
    ["-m unheard-of", false, []],
  ])("%s may read what some rule changes: %o", (text, expected, mattering) =>
    expect(readsChanged(text, new Set(mattering))).toBe(expected),
  );

  test.each<readonly [string, HiddenAttribute, Target]>([
    ["next", "length", DSCP],
    ["act", "tos", DSCP],
    ["act", "length", TCPMSS],
    ["act", "length", SAMPLE_TARGETS.mark],
    ["final", "length", SAMPLE_TARGETS.accept],
    ["call", "length", SAMPLE_TARGETS.jump],
    ["call", "length", SAMPLE_TARGETS.goto],
  ])("a chain goes on as by %s if %s is read: %o", (course, attribute, target) =>
    expect(courseOf(target, new Set([attribute]))).toBe(course),
  );
});

describe("a target makes of a packet's ends", () => {
  const ports = { first: 80, last: 90 };
  const addresses = { first: "192.0.2.1", last: "192.0.2.9" };
  const flags = (...all: readonly string[]) => all;
  test.each<readonly [Target, Rewriting]>([
    [
      { kind: "redirect", ports, random: false },
      { side: "destination", addresses: "local", ports, choice: "kept" },
    ],
    [
      { kind: "redirect", ports, random: true },
      { side: "destination", addresses: "local", ports, choice: "random" },
    ],
    [
      { kind: "dnat", addresses, ports, flags: [] },
      { side: "destination", addresses, ports, choice: "kept" },
    ],
    [
      { kind: "dnat", addresses: null, ports, flags: flags("random") },
      { side: "destination", addresses: null, ports, choice: "random" },
    ],
    [
      { kind: "snat", addresses, ports: null, flags: flags("persistent", "random-fully") },
      { side: "source", addresses, ports: null, choice: "random" },
    ],
    [
      { kind: "snat", addresses, ports, flags: flags("persistent") },
      { side: "source", addresses, ports, choice: "kept" },
    ],
    [
      { kind: "masquerade", ports, flags: [] },
      { side: "source", addresses: null, ports, choice: "kept" },
    ],
    [
      { kind: "masquerade", ports, flags: flags("random") },
      { side: "source", addresses: null, ports, choice: "random" },
    ],
  ])("what it says: %o", (target, expected) => expect(rewritingOf(target)).toEqual(expected));

  test("nothing, without a target", () => expect(rewritingOf(null)).toBeNull());
  test.each(KINDS.filter((kind) => !["redirect", "dnat", "snat", "masquerade"].includes(kind)))("nothing: %s", (kind) =>
    expect(rewritingOf(SAMPLE_TARGETS[kind])).toBeNull(),
  );
});

describe("what rules rewrite", () => {
  const dnat = (first: string, last: string, port: number | null): Target => ({
    kind: "dnat",
    addresses: { first, last },
    ports: port === null ? null : { first: port, last: port },
    flags: [],
  });
  const list = (side: Rewriting["side"], ...sets: readonly Ruleset[]) =>
    listRewritings(sets, side).map(({ addresses, ports, choice, family }) => {
      const ends = addresses === null || addresses === "local" ? addresses : `${addresses.first}-${addresses.last}`;
      return `IPv${family} ${ends} ${ports?.first}-${ports?.last} ${choice}`;
    });
  const rules = [
    dnat("192.0.2.1", "192.0.2.1", 80),
    dnat("192.0.2.1", "192.0.2.2", 80),
    dnat("192.0.2.2", "192.0.2.2", 80),
    dnat("192.0.2.1", "192.0.2.1", 81),
    dnat("192.0.2.1", "192.0.2.1", null),
    { ...dnat("192.0.2.1", "192.0.2.1", 80), flags: ["random"] },
    { kind: "redirect", ports: { first: 80, last: 89 }, random: false },
    { kind: "redirect", ports: { first: 80, last: 99 }, random: false },
    { kind: "masquerade", ports: null, flags: [] },
    { kind: "log", options: "" },
  ] as readonly Target[];
  const [set, other] = [
    rulesetOf([...rules, ...rules].map((target) => ruleOf(target))),
    rulesetOf([ruleOf(SAMPLE_TARGETS.masquerade), ruleOf(SAMPLE_TARGETS.redirect)], {}, 6),
  ];
  // What a table rewrites is kept once it was found.
  test.each(["the first time", "again"])("is listed once for each end of a table, %s", () => {
    expect(list("destination", set, other)).toEqual([
      "IPv4 192.0.2.1-192.0.2.1 80-80 kept",
      "IPv4 192.0.2.1-192.0.2.2 80-80 kept",
      "IPv4 192.0.2.2-192.0.2.2 80-80 kept",
      "IPv4 192.0.2.1-192.0.2.1 81-81 kept",
      "IPv4 192.0.2.1-192.0.2.1 undefined-undefined kept",
      "IPv4 192.0.2.1-192.0.2.1 80-80 random",
      "IPv4 local 80-89 kept",
      "IPv4 local 80-99 kept",
      "IPv6 local 80-80 kept",
    ]);
    expect(list("source", set, other)).toEqual([
      "IPv4 null undefined-undefined kept",
      "IPv6 null undefined-undefined kept",
    ]);
  });
  test("is not looked for in a table whose chains the kernel does not call", () => {
    const dormant = { ...set, tables: set.tables.map((table): Table => ({ ...table, isDormant: true })) };
    expect(list("destination", dormant)).toEqual([]);
  });
});
