import { describe, expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { splitByCounters } from "../../../harness/run/rules/counted-rules.ts";
import { countBetween } from "../../../harness/sandbox/pod/counted-drive.ts";
import { nftRules } from "../nft-vectors.ts";

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
const places = (found: ReturnType<typeof splitByCounters>["taken"]) =>
  found.map(({ chain, index }) => `${chain} ${index}`);

describe("counters", () => {
  test("name the rules that counted between two reads, and tell equal rules apart", () => {
    const counted = countBetween({ ip: count(1, 5, 0), ip6: null }, { ip: count(2, 5, 1), ip6: null }, null);
    const { taken } = splitByCounters(counted);
    expect(places(taken)).toEqual(["PREROUTING 1", "A 2"]);
    expect(taken[1]).toEqual({ family: 4, table: "nat", chain: "A", index: 2, rule: "-A A -j RETURN" });
  });

  test("name no rule if none counted", () => {
    const read = { ip: count(3, 2, 1), ip6: null };
    expect(splitByCounters(countBetween(read, read, null)).taken).toEqual([]);
  });

  test("say which rules no flow has taken", () => {
    const { taken, unhit } = splitByCounters({ ip: count(1, 0, 1), ip6: { family: 6, tables: [] } });
    expect({ taken: places(taken), unhit: places(unhit) }).toEqual({ taken: ["PREROUTING 1", "A 2"], unhit: ["A 1"] });
  });
});

describe("a trace", () => {
  /** One table for both families, whose rules have these handles; the first counts everything that comes to it. */
  const rules = nftRules(`table inet t {
  chain o {
    type filter hook output priority 0;
    counter tcp dport 80 drop # handle 4
    udp dport 53 drop # handle 5
  }
}`);
  const taken = { tableFamily: "inet", table: "t", chain: "o", packets: 1 } as const;

  test("tells the rules of nft that packets took, of their family alone, whatever counters say", () => {
    const trace = { rules: [{ ...taken, family: 6 as const, handle: 5 }], isWhole: true };
    const split = splitByCounters(countBetween(rules, rules, trace));
    expect(split.taken).toMatchObject([{ family: 6, table: "t", index: 2, handle: 5 }]);
    expect(split.unhit.map(({ family, index }) => [family, index])).toEqual([
      [4, 1],
      [4, 2],
      [6, 1],
    ]);
  });

  test.each([null, { rules: [{ ...taken, family: 4 as const, handle: 4 }], isWhole: false }])(
    "that the kernel has not told whole counts nothing: %j",
    (trace) => {
      const { ip } = countBetween(rules, rules, trace);
      expect(ip?.tables[0]?.chains[0]?.rules.map(({ counters }) => counters)).toEqual([undefined, undefined]);
    },
  );
});
