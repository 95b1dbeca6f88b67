import { describe, expect, test } from "vitest";
import { readRoutingListing } from "../../../harness/formats/routing-listing.ts";
import { renderRoutingTexts } from "../../../harness/formats/routing-texts.ts";

const RULES4 = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n";
const RULES6 = "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n";

/** Gives rules, routes and addresses as texts, or the findings as `LINE: MESSAGE`. */
function read(text: string) {
  const parsed = readRoutingListing(text, "routing.txt");
  if (!parsed.ok) return parsed.findings.map(({ line, message }) => `${line}: ${message}`);
  const { rules, routes, addresses } = renderRoutingTexts(parsed.value);
  return [...rules.map((one) => `rule ${one}`), ...routes.map((one) => `route ${one}`), ...addresses];
}

test("what every namespace has is nothing that somebody added", () => {
  const routes = `default via 10.244.0.4 dev eth0
10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.2
local 10.244.0.2 dev eth0 table local proto kernel scope host src 10.244.0.2
broadcast 10.244.0.255 dev eth0 table local proto kernel scope link src 10.244.0.2
fe80::/64 dev eth0 proto kernel metric 256 pref medium
local ::1 dev lo table local proto kernel metric 0 pref medium
multicast ff00::/8 dev eth0 table local proto kernel metric 256 pref medium
`;
  expect(read(RULES4 + RULES6 + routes)).toEqual([]);
});

describe("the family of a rule follows from", () => {
  const added = "100:\tfrom all fwmark 0x1 lookup 7\n";
  test.each([
    ["the rule for default, which IPv4 alone has", RULES4.replace("32766", `${added}32766`), "rule pref 100"],
    ["a listing without it", RULES6.replace("32766", `${added}32766`), "rule -6 pref 100"],
    ["the order", RULES4 + RULES6.replace("32766", `${added}32766`), "rule -6 pref 100"],
    ["a header", `# ip -6 rule\n${added}`, "rule -6 pref 100"],
    ["its addresses", "100:\tfrom all to fd00::/8 fwmark 0x1 lookup 7\n", "rule -6 pref 100 to fd00::/8"],
    ["nothing: IPv4", added, "rule pref 100"],
  ])("%s", (_, text, begin) => expect(read(text)).toEqual([`${begin} fwmark 0x1 lookup 7`]));
});

test("a rule for main or local that is not the kernel's own is kept, with its priority", () => {
  expect(read(RULES4.replace("32766", "50:\tfrom all lookup main\n32766"))).toEqual(["rule pref 50 lookup 254"]);
  expect(read(RULES4.replace("0:", "100:"))).toEqual(["rule pref 100 lookup 255"]);
});

test("of main, routes that lead back to the pod are kept", () => {
  expect(read("local 10.244.0.4 dev lo scope host\n10.9.0.0/16 dev lo scope link\n10.8.0.0/16 dev eth0\n")).toEqual([
    "route local 10.244.0.4/32 dev lo table 254",
    "route 10.9.0.0/16 dev lo table 254",
  ]);
});

test.each([
  ["local default dev lo table 133 scope host", "route local default dev lo table 133"],
  ["local default dev lo table 133 metric 1024 pref medium", "route -6 local ::/0 dev lo table 133"],
  ["default via fd00::4 dev eth0 table 9", "route -6 ::/0 via fd00::4 dev eth0 table 9"],
  ["blackhole 10.9.0.0/16", "route blackhole 10.9.0.0/16 table 254"],
  ["unreachable default table 7 proto static", "route unreachable default table 7"],
  ["local 10.5.0.0/16 dev eth1 table local src 10.5.0.1", "route local 10.5.0.0/16 dev lo table 255"],
  [
    "default proto static table 7\n\tnexthop via 10.0.0.1 dev eth0 weight 1",
    /^route default proto static .* weight 1$/,
  ],
])("a route that somebody added is kept: %s", (line, kept) =>
  expect(read(`${line}\n`)).toEqual([typeof kept === "string" ? kept : expect.stringMatching(kept)]),
);

test.each([
  ["default via 999.1.1.1 dev eth0", '1: "999.1.1.1" is not an address; correct it, or remove the line.'],
  ["default via inet6 fe80::g dev eth0", '1: "fe80::g" is not an address; correct it, or remove the line.'],
  ["10.0.0.0/8 dev eth0 src 10.0.0", '1: "10.0.0" is not an address; correct it, or remove the line.'],
  ["blackhole 10.244.0.999", /^1: "10.244.0.999" is neither an address nor a network, such as 10.0.0.0\/8; /],
  ["100: from 10.0.0.0/99 lookup 5", /^1: "10.0.0.0\/99" is neither an address nor a network/],
  ["100: from all to fd00::/129 lookup 5", /^1: "fd00::\/129" is neither an address nor a network/],
  [
    '[{"dst":"default","gateway":"999.1.1.1","dev":"eth0"}]',
    '1: "999.1.1.1" is not an address; correct it, or remove the line.',
  ],
])("what should be an address and is none is a finding: %s", (line, finding) =>
  expect(read(`${line}\n`)).toEqual([typeof finding === "string" ? finding : expect.stringMatching(finding)]),
);

test("a gateway of the other family, and a network of every address, are addresses", () => {
  expect(read("default via inet6 fe80::1 dev eth0\nunreachable default table local proto static\n")).toEqual([
    "route unreachable default table 255",
  ]);
});

test("a table by a name of the machine's own is one table in rules and routes", () => {
  const [rule = "", route = ""] = read(
    "100: from all fwmark 0x1 lookup mine\nlocal default dev lo table mine scope host\n",
  );
  expect(rule.split(" ").at(-1)).toBe(route.split(" ").at(-1));
  expect(rule).toMatch(/ lookup \d+$/);
});

test("::6 on lo is an address that somebody added, by the table local or by a listing of addresses", () => {
  expect(read(`${RULES6}local ::6 dev lo table local proto kernel metric 0 pref medium\n`)).toEqual(["::6/128 dev lo"]);
  const listing =
    "1: lo    inet6 ::6/128 scope global \\  valid_lft forever\n2: eth0    inet 10.244.0.2/24 scope global\n";
  expect(read(`${RULES6}# ip -o addr\n${listing}`)).toEqual(["::6/128 dev lo"]);
});

test("documents of ip -j say the same", () => {
  const rules = [
    { priority: 0, src: "all", table: "local" },
    { priority: 99, src: "10.0.0.0", srclen: 8, fwmark: "0x1", fwmask: "0xff", table: "7" },
    { priority: 100, not: null, src: "all", fwmark: "0x1", table: "7" },
    { priority: 32767, src: "all", table: "default" },
  ];
  const routes = [
    { type: "local", dst: "default", dev: "lo", table: "7", scope: "host", flags: [] },
    { dst: "10.244.0.0/24", dev: "eth0", protocol: "kernel", scope: "link", prefsrc: "10.244.0.2", flags: [] },
  ];
  expect(read(`${JSON.stringify(rules)}\n${JSON.stringify(routes, null, 2)}`)).toEqual([
    "rule pref 99 from 10.0.0.0/8 fwmark 0x1/0xff lookup 7",
    expect.stringMatching(/^rule pref 100 from all not /),
    "route local default dev lo table 7",
  ]);
});

test("every line that is neither is told with its place", () => {
  expect(read(`${RULES4}hello world\ndefault dev eth0\nfoo bar\n`)).toEqual([
    expect.stringMatching(/^4: "hello …" is neither .* correct it\.$/),
    expect.stringMatching(/^6: "foo …"/),
  ]);
  expect(read("\n# nothing\n")).toEqual([expect.stringMatching(/neither rules nor routes; give what ip rule/)]);
  expect(read('[{"dst":"default"}]\n[{"ifname":"lo"}]\n[{')).toEqual([
    expect.stringMatching(/^2: An entry with ifname/),
    expect.stringMatching(/^3: This is not what ip -j prints/),
  ]);
});
