import { expect, test } from "vitest";
import { type RoutingTexts, renderRoutingTexts } from "../../../harness/formats/routing-texts.ts";
import { readPolicyRouting } from "../../../harness/run/rules/printed-routing.ts";

/** As iproute2 6.1 prints it. */
const BARE = `# ip -4 rule
0:	from all lookup local
32766:	from all lookup main
32767:	from all lookup default
# ip -4 route show table all
default via 10.244.0.4 dev eth0 proto static
10.244.0.0/24 dev eth0 proto kernel scope link src 10.244.0.2
local 10.244.0.2 dev eth0 table local proto kernel scope host src 10.244.0.2
# ip -6 rule
0:	from all lookup local
32766:	from all lookup main
# ip -6 route show table all
local ::1 dev lo table local proto kernel metric 0 pref medium
# ip -o addr
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
1: lo    inet6 ::1/128 scope host noprefixroute \\       valid_lft forever preferred_lft forever
2: eth0    inet 10.244.0.2/24 scope global eth0\\       valid_lft forever preferred_lft forever
`;

function check(printed: string, expected: Partial<RoutingTexts>): void {
  expect(renderRoutingTexts(readPolicyRouting(printed))).toEqual({ rules: [], routes: [], addresses: [], ...expected });
}

test("the routing and addresses that every namespace has do not count as added", () => {
  check(BARE, {});
});

test("rules, routes of other tables and addresses on lo are read as they were added", () => {
  const added = BARE.replace("32766:", "32765:	from all fwmark 0x539 lookup 133\n32766:")
    .replace(
      "default via",
      "local default dev lo table 133 scope host\ndefault via 10.244.0.4 dev eth0 table 9 proto static\ndefault via",
    )
    .replace("2: eth0", "1: lo    inet6 ::6/128 scope global \\       valid_lft forever\n2: eth0");
  check(added, {
    rules: ["pref 32765 fwmark 0x539 lookup 133"],
    routes: ["local default dev lo table 133", "default via 10.244.0.4 dev eth0 table 9"],
    addresses: ["::6/128 dev lo"],
  });
});

test("selectors of a rule are read, and a rule or route with anything unknown is kept as text", () => {
  const rules = [
    "100:	from 10.0.0.0/8 fwmark 0x1/0xff iif eth0 lookup 7",
    "101:	not from all fwmark 0x1 lookup 7",
    "102:	from all fwmark 0x1 lookup istio",
  ];
  const text = BARE.replace("32766:", `${rules.join("\n")}\n32766:`).replace(
    "default via",
    "blackhole 1.2.3.4 metric x table 7\ndefault via",
  );
  check(text, {
    rules: [
      "pref 100 from 10.0.0.0/8 fwmark 0x1/0xff iif eth0 lookup 7",
      "pref 101 not from all fwmark 0x1 lookup 7",
      "pref 102 from all fwmark 0x1 lookup istio",
    ],
    routes: ["blackhole 1.2.3.4 metric x table 7"],
  });
  expect(readPolicyRouting(text).rules.map(({ kind }) => kind)).toEqual(["lookup", "unknown", "unknown"]);
  expect(readPolicyRouting(text).routes.map(({ kind }) => kind)).toEqual(["unknown"]);
});

test("IPv6 rules and routes are read as IPv6", () => {
  const added = BARE.replace("# ip -6 rule\n", "# ip -6 rule\n5:	from all fwmark 0x1 lookup 7\n").replace(
    "local ::1 dev",
    "local default dev lo table 7 metric 1024 pref medium\nlocal ::1 dev",
  );
  check(added, { rules: ["-6 pref 5 fwmark 0x1 lookup 7"], routes: ["-6 local ::/0 dev lo table 7"] });
});
