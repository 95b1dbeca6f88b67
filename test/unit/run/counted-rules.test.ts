import { describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { findCountedRules, splitByCounters } from "../../../harness/run/rules/counted-rules.ts";

/** Three rules with these packets; the second and third are the same text in two chains. */
function count(...[first, second, third]: readonly number[]): Ruleset {
  const text = `*nat
:PREROUTING ACCEPT [0:0]
:A - [0:0]
[${first}:60] -A PREROUTING -p tcp -j A
[${second}:60] -A A -j RETURN
[${third}:60] -A A -j RETURN
COMMIT
`;
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.value;
}
const places = (found: ReturnType<typeof findCountedRules>) => found.map(({ chain, index }) => `${chain} ${index}`);

describe("counters", () => {
  test("name the rules that counted between two reads, and tell equal rules apart", () => {
    const found = findCountedRules({ ip: count(1, 5, 0), ip6: null }, { ip: count(2, 5, 1), ip6: null });
    expect(places(found)).toEqual(["PREROUTING 1", "A 2"]);
    expect(found[1]).toEqual({ family: 4, table: "nat", chain: "A", index: 2, rule: "-A A -j RETURN" });
  });

  test("name no rule if none counted", () => {
    const counted = { ip: count(3, 2, 1), ip6: null };
    expect(findCountedRules(counted, counted)).toEqual([]);
  });

  test("say which rules no flow has taken", () => {
    const { taken, unhit } = splitByCounters({ ip: count(1, 0, 1), ip6: { family: 6, tables: [] } });
    expect({ taken: places(taken), unhit: places(unhit) }).toEqual({ taken: ["PREROUTING 1", "A 2"], unhit: ["A 1"] });
  });
});
