import { describe, expect, test } from "vitest";
import type { AxisRanges, Field } from "../../../harness/analysis/diagrams/axis-ranges.ts";
import { keyTraits } from "../../../harness/analysis/diagrams/compare-traits.ts";
import { listRanges, questionOf } from "../../../harness/analysis/diagrams/match-traits.ts";
import { type Family, renderAddress } from "../../../harness/model/address.ts";
import type { FlowProtocol } from "../../../harness/model/flow.ts";
import { renderLandingKey } from "../../../harness/model/landing.ts";
import type { Match } from "../../../harness/model/match.ts";
import { MAX_ID, MAX_PORT } from "../../../harness/model/pod.ts";
import { listMatches } from "../../../harness/model/rule-parts.ts";
import { familyKey, listRules, type PodRules } from "../../../harness/model/ruleset.ts";
import { holdsValue } from "../../../harness/model/value-ranges.ts";
import { landings, load, NONE, nft6Chain, nftChain } from "./told-pairs.ts";

type Writer = (value: bigint, family: Family) => string;

const wrap: Writer = (value, family) => (family === 4 ? renderAddress(4, value) : `[${renderAddress(6, value)}]`);
const near = (family: Family) => (family === 4 ? "127.0.0.1" : "[::1]");
const far = (family: Family) => (family === 4 ? "192.0.2.20" : "[2001:db8::20]");

/** A flow whose packets have a value in a field. */
const FLOWS: Readonly<Record<Field, Writer>> = {
  source: (value, family) => `app@${wrap(value, family)} -> ${near(family)}:8080`,
  destination: (value, family) => `app -> ${wrap(value, family)}:80`,
  "source-port": (value, family) => `app@:${value} -> ${near(family)}:8080`,
  "destination-port": (value, family) => `app -> ${far(family)}:${value}`,
  uid: (value, family) => `uid=${value},gid=3000 -> ${far(family)}:80`,
  gid: (value, family) => `uid=3000,gid=${value} -> ${far(family)}:80`,
};
const FIRST_AND_LAST = {
  ids: [0n, BigInt(MAX_ID)],
  ports: [1n, BigInt(MAX_PORT)],
  addresses: [0n, 1n << 128n],
} as const;
const NO_RULES = load(NONE);

/** Says whether rules that catch the first packets for which a match holds catch those of a flow. */
function isCaught(rules: PodRules, flow: string): boolean {
  const [caught, passed] = landings([rules, NO_RULES], flow).map(renderLandingKey);
  return caught !== passed;
}

/** The ends of ranges, and the values beside them that a flow can have. */
function valuesAround({ axis, ranges }: AxisRanges): readonly bigint[] {
  const [lowest, highest] = FIRST_AND_LAST[axis];
  const all = ranges.flatMap(([first, last]) => [first - 1n, first, last, last + 1n]);
  return [...new Set(all)].filter((value) => lowest <= value && value <= highest);
}

/** The first match of the only rule beside one of protocols. */
function onlyMatch(rules: PodRules, family: Family): Match {
  const found = listRules(rules[familyKey(family)]).flatMap(listMatches);
  const [match] = found.filter(({ kind }) => kind !== "protocol");
  if (!match) throw new Error("no match");
  return match;
}

/** What a match says that it asks decides in the simulator whether it holds. */
function checkAsked(
  rules: PodRules,
  fields: readonly Field[],
  family: Family,
  protocol: FlowProtocol,
  isNegated: boolean,
) {
  const match = onlyMatch(rules, family);
  const [asked, ...others] = listRanges(match, family);
  expect(others).toEqual([]);
  expect(asked?.fields).toEqual(fields);
  if (!asked) return;
  const told = fields.flatMap((field) =>
    valuesAround(asked).map((value) => {
      const flow = `${FLOWS[field](value, family)}/${protocol}`;
      return [flow, isCaught(rules, flow), holdsValue(asked.ranges, value) !== isNegated] as const;
    }),
  );
  expect(told.length).toBeGreaterThan(1);
  expect(told.map(([flow, caught]) => [flow, caught])).toEqual(told.map(([flow, _, held]) => [flow, held]));
  if (match.kind !== "compare") expect(questionOf(match)).toEqual({ asks: "flow", ...asked });
}

describe("a match of iptables holds for the values of the fields that it asks about, and no others:", () => {
  test.each<readonly [string, readonly Field[]]>([
    ["-s 127.0.0.16/28", ["source"]],
    ["! -s 127.0.0.16/28", ["source"]],
    ["-d 192.0.2.16/28", ["destination"]],
    ["-d 192.0.2.20/255.255.255.247", ["destination"]],
    ["-p tcp -m tcp --sport 7000:7010", ["source-port"]],
    ["-p tcp -m tcp ! --sport 7000:7010", ["source-port"]],
    ["-p tcp -m tcp --dport 7000:7010", ["destination-port"]],
    ["-p tcp -m multiport --sports 7000:7010,7020", ["source-port"]],
    ["-p tcp -m multiport ! --dports 7000:7010,7020", ["destination-port"]],
    ["-p tcp -m multiport --ports 7000:7010,7020", ["source-port", "destination-port"]],
    ["-m iprange --src-range 127.0.0.20-127.0.0.30", ["source"]],
    ["-m iprange --src-range 127.0.0.20-127.0.0.20", ["source"]],
    ["-m iprange ! --dst-range 192.0.2.17-192.0.2.30", ["destination"]],
    ["-m owner --uid-owner 2000-2010", ["uid"]],
    ["-m owner ! --gid-owner 2000-2010", ["gid"]],
  ])("%s", (text, fields) => {
    const rules = load([
      "nat",
      `-A OUTPUT ${text.includes("-p tcp") ? "" : "-p tcp "}${text} -j REDIRECT --to-ports 9`,
    ]);
    checkAsked(rules, fields, 4, "tcp", text.includes("!"));
  });
});

describe("a comparison of nftables holds for the values of the field that it asks about, and no others:", () => {
  test.each<readonly [string, Field]>([
    ["meta skuid 2000-2010", "uid"],
    ["meta skuid 4294967290-4294967295", "uid"],
    ["meta skuid & 0xfffffff0 == 0xfffffff0", "uid"],
    ["meta skgid { 2000, 2010-2020 }", "gid"],
    ["meta skgid != 2000", "gid"],
    ["ip saddr 127.0.0.16/28", "source"],
    ["ip daddr { 192.0.2.16/28, 192.0.2.40 }", "destination"],
    ["ip daddr & 255.255.255.247 == 192.0.2.20", "destination"],
    ["ip6 daddr 2001:db8::20/124", "destination"],
    ["ip6 daddr & ffff:ffff:ffff:ffff:ffff:fff0:ffff:ffff == 2001:db8::20", "destination"],
    ["tcp sport 7000-7010", "source-port"],
    ["tcp dport { 7000, 7010-7020 }", "destination-port"],
    ["tcp dport & 0xfff0 == 0x1b50", "destination-port"],
    ["udp sport 7000-7010", "source-port"],
    ["udp dport != 7000-7010", "destination-port"],
    ["th sport & 0xfff5 == 0x1b50", "source-port"],
    ["th dport 65530-65535", "destination-port"],
  ])("%s", (text, field) => {
    const isIpv6 = text.startsWith("ip6 ");
    const rules = load(
      (isIpv6 ? nft6Chain : nftChain)("nat", "output", `${text} meta l4proto { tcp, udp } redirect to :9`),
    );
    const protocol = text.startsWith("udp ") ? "udp" : "tcp";
    checkAsked(rules, [field], isIpv6 ? 6 : 4, protocol, text.includes("!="));
  });
});

describe("a comparison of ports reads nothing of a packet of another protocol:", () => {
  test.each(["tcp sport", "tcp dport", "udp sport", "udp dport", "th sport", "th dport"] as const)("%s", (name) => {
    const rules = load(nftChain("nat", "output", `${name} != 1 meta l4proto { tcp, udp } redirect to :9`));
    const traits = keyTraits({ name, direction: null, family: null, device: null, mask: null });
    for (const protocol of ["tcp", "udp"] as const) {
      const isRead = "needs" in traits && (traits.needs === null || traits.needs === protocol);
      expect(isCaught(rules, `app@:7005 -> 127.0.0.1:8080/${protocol}`)).toBe(isRead);
    }
  });
});

describe("a match that asks about no field of a flow asks about", () => {
  const ask = (text: string) => questionOf(onlyMatch(load(["filter", `-A OUTPUT ${text} -j DROP`]), 4));
  test.each([
    ["the packet", "-m owner --socket-exists", { asks: "packet" }],
    ["the packet, too", "-m addrtype --dst-type LOCAL", { asks: "packet" }],
    ["what is kept of its connection", "-m mark --mark 1", { asks: "state" }],
    ["what nobody knows", "-m recent --rcheck --name x", { asks: "unknown" }],
    ["nothing", "-m comment --comment x", { asks: "nothing" }],
  ])("%s", (_, text, expected) => expect(ask(text)).toEqual(expected));
  test("it tells no flows apart", () => {
    for (const text of ["-m owner --socket-exists", "-m mark --mark 1", "-m comment --comment x"])
      expect(listRanges(onlyMatch(load(["filter", `-A OUTPUT ${text} -j DROP`]), 4), 4)).toEqual([]);
  });
});

test("a range of addresses that ends before it begins holds none, of either end", () => {
  for (const kind of ["source-range", "destination-range"] as const) {
    const match = { kind, negated: false, first: "192.0.2.9", last: "192.0.2.1" };
    expect(listRanges(match, 4).map(({ ranges }) => ranges)).toEqual([[]]);
  }
});
