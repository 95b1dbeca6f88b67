import fc from "fast-check";
import { expect, test } from "vitest";
import { isPlacedLike, keepPlaced } from "../../../harness/formats/placed-alike.ts";
import { checkRulePlacement } from "../../../harness/formats/rule-placement.ts";
import { readRulesText } from "../../../harness/formats/rules-text.ts";
import { BUILT_IN_CHAINS, TABLE_NAMES } from "../../../harness/model/iptables-tables.ts";
import type { Match } from "../../../harness/model/match.ts";
import type { Rule } from "../../../harness/model/ruleset.ts";
import type { Target } from "../../../harness/model/target.ts";

const network = (family: 4 | 6, value: bigint) => ({ family, value, mask: family === 4 ? 0xffffffffn : 1n });
const port = (module: "tcp" | "udp", first: number) =>
  ({ kind: "destination-port", module, negated: false, ports: { first, last: first } }) as const;
const range = { first: "10.0.0.1", last: "10.0.0.1" };
const flags = ["--random"];
/** Rules share these, as those of one pattern do. */
const MATCHES: readonly Match[] = [
  { kind: "protocol", negated: false, protocol: "tcp" },
  { kind: "protocol", negated: true, protocol: "tcp" },
  { kind: "protocol", negated: false, protocol: "udp" },
  { kind: "destination", negated: false, network: network(4, 1n) },
  { kind: "destination", negated: true, network: network(4, 2n) },
  { kind: "destination", negated: false, network: network(6, 1n) },
  { kind: "source", negated: false, network: network(4, 3n) },
  port("tcp", 80),
  port("tcp", 81),
  port("udp", 80),
  { kind: "comment", text: "one" },
  { kind: "comment", text: "two" },
  { kind: "in-interface", negated: false, name: "eth0" },
  { kind: "out-interface", negated: false, name: "eth0" },
  { kind: "unknown", text: "-m physdev --physdev-out eth0" },
];
const TARGETS: readonly (Target | null)[] = [
  null,
  { kind: "jump", chain: "ONE" },
  { kind: "jump", chain: "TWO" },
  { kind: "goto", chain: "ONE" },
  { kind: "drop" },
  { kind: "return" },
  { kind: "dnat", addresses: range, ports: { first: 1, last: 1 }, flags },
  { kind: "dnat", addresses: range, ports: { first: 2, last: 2 }, flags },
  { kind: "dnat", addresses: range, ports: null, flags },
  { kind: "redirect", ports: { first: 1, last: 1 }, random: false },
  { kind: "side-effect", name: "TCPMSS", options: "--clamp-mss-to-pmtu" },
  { kind: "side-effect", name: "TCPMSS", options: "--set-mss 1" },
];
const anyRule: fc.Arbitrary<Rule> = fc.record({
  matches: fc.array(fc.constantFrom(...MATCHES), { maxLength: 3 }),
  target: fc.constantFrom(...TARGETS),
});

/** Rules that are likely to be alike: the same, or with one match or the target changed. */
const twoRules = fc.tuple(anyRule, anyRule, fc.nat(3)).map(([rule, other, at]): readonly [Rule, Rule] => {
  const { matches } = rule;
  if (at >= matches.length) return [rule, { matches, target: other.target }];
  return [rule, { matches: matches.with(at, other.matches[0] ?? (matches[at] as Match)), target: rule.target }];
});

test("a rule that is placed like another stands as well as it, in every chain", () => {
  let alike = 0;
  fc.assert(
    fc.property(twoRules, ([rule, other]) => {
      if (!isPlacedLike(rule, [other])) return;
      alike++;
      for (const table of TABLE_NAMES)
        for (const chain of [...BUILT_IN_CHAINS[table], "MINE"]) {
          const check = (one: Rule) => checkRulePlacement(one, 4, table, chain, new Set([chain]));
          expect(check(rule)).toEqual(check(other));
        }
    }),
    { numRuns: 3_000 },
  );
  expect(alike).toBeGreaterThan(200);
});

test("rules that are alike are told apart by the chains that they stand in", () => {
  const text = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:ONE - [0:0]
:TWO - [0:0]
:THREE - [0:0]
-A OUTPUT -j ONE
-A PREROUTING -j TWO
-A POSTROUTING -j THREE
-A ONE -d 10.0.0.1/32 -p tcp -j DNAT --to-destination 10.0.0.9:80
-A TWO -d 10.0.0.1/32 -p tcp -j DNAT --to-destination 10.0.0.9:80
-A THREE -d 10.0.0.1/32 -p tcp -j DNAT --to-destination 10.0.0.9:80
-A PREROUTING -i eth0 -d 10.0.0.1/32 -j ACCEPT
-A OUTPUT -i eth0 -d 10.0.0.1/32 -j ACCEPT
COMMIT
`;
  const read = readRulesText(text, { where: "rules", family: 4 });
  expect(read.ok ? [] : read.findings.map(({ line, message }) => [line, message])).toEqual([
    [13, "DNAT is not valid in the chain THREE, which POSTROUTING reaches; it belongs to PREROUTING and OUTPUT."],
    [15, "-i cannot be used in OUTPUT; write -o."],
  ]);
});

test("a rule is held against the last ones that stand well", () => {
  const kept: Rule[] = [];
  const rules = MATCHES.map((match): Rule => ({ matches: [match], target: null }));
  for (const rule of rules) keepPlaced(kept, rule);
  expect(kept).toEqual(rules.slice(-8).toReversed());
});
