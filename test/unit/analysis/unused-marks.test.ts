import { expect, test } from "vitest";
import { findUnusedMarks } from "../../../harness/analysis/pod/unused-marks.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { parseRoutingRule } from "../../../harness/formats/routing-words.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";

/** Gives the places of the rules whose mark nothing uses. */
function check(rules: readonly string[], routing: readonly string[], expected: readonly string[]): void {
  const text = `*mangle\n:M - [0:0]\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n*filter\n-A INPUT -j ACCEPT\nCOMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "rules", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const found = findUnusedMarks(parsed.value, {
    ...NO_POLICY_ROUTING,
    rules: routing.map((rule) => parseRoutingRule(rule, 4)),
  });
  expect(found.map(({ chain, index, value }) => `${chain} ${index} 0x${value.toString(16)}`)).toEqual(expected);
}

const SET = "OUTPUT -j MARK --set-xmark 0x1/0xffffffff";

test.each<[string, readonly string[], readonly string[], readonly string[]]>([
  ["a mark that nothing asks for is named", [SET], [], ["OUTPUT 1 0x1"]],
  ["one that ip rule asks for is not", [SET], ["fwmark 0x1 lookup 7"], []],
  ["another mark of ip rule changes nothing", [SET], ["fwmark 0x2 lookup 7"], ["OUTPUT 1 0x1"]],
  [
    "of a part that ip rule does not look at",
    ["OUTPUT -j MARK --set-xmark 0x10/0xf0"],
    ["fwmark 0x1/0xf lookup 7"],
    ["OUTPUT 1 0x10"],
  ],
  ["an ip rule that is not understood may ask for any", [SET], ["not from all fwmark 0x2 lookup 7"], []],
  ["a later rule asks for it", [SET, "OUTPUT -m mark --mark 0x1 -j ACCEPT"], [], []],
  [
    "what asks for it at a hook that the packet does not come to",
    [SET, "PREROUTING -m mark --mark 0x1 -p tcp -j TPROXY --on-port 1"],
    [],
    ["OUTPUT 1 0x1"],
  ],
  [
    "a chain stands at the hooks that lead to it",
    ["M -j MARK --set-xmark 0x1/0xffffffff", "OUTPUT -j M"],
    [],
    ["M 1 0x1"],
  ],
  ["a chain that nothing leads to sets nothing", ["M -j MARK --set-xmark 0x1/0xffffffff"], [], []],
  ["a mark that is taken away is none", ["OUTPUT -j MARK --set-xmark 0x0/0xffffffff"], [], []],
  [
    "TPROXY's own mark counts",
    ["PREROUTING -p tcp -j TPROXY --on-port 1 --tproxy-mark 0x5/0x5"],
    [],
    ["PREROUTING 1 0x5"],
  ],
  ["marks that are saved with connections may be asked for there", [SET, "OUTPUT -j CONNMARK --save-mark"], [], []],
])("%s", (_, rules, routing, expected) => check(rules, routing, expected));
