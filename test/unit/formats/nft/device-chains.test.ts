import { describe, expect, test } from "vitest";
import { readRulesText } from "../../../../harness/formats/rules-text.ts";
import { listRules } from "../../../../harness/model/ruleset.ts";

function read(hook: string, rule: string, policy = "accept") {
  const base = `type filter hook ${hook} device "eth0" priority 0; policy ${policy};`;
  const read = readRulesText(`table netdev pod {\n chain c {\n  ${base}\n  ${rule}\n }\n}\n`, {
    where: "a.nft",
    family: 4,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return read.value;
}

describe.each(["ingress", "egress"])("a chain of nft at a device, hook %s,", (hook) => {
  test.each([
    ["that drops", "tcp dport 8080 drop", "accept"],
    ["that drops by its policy", "tcp dport 8080 accept", "drop"],
    ["that changes packets", "ip daddr set 10.0.0.1", "accept"],
    ["that goes on elsewhere", "jump other", "accept"],
  ])("%s: no answer would be complete, and in the rules it is unknown", (_, rule, policy) => {
    const { hidden, ip } = read(hook, rule, policy);
    expect(hidden.map(({ message }) => message)).toEqual([expect.stringMatching(`^The ${hook} chain c of the table`)]);
    expect(listRules(ip).map(({ target }) => target?.kind)).toEqual(["unknown"]);
  });

  test("that only counts is passed over, with a notice", () => {
    const { hidden, ip, notices } = read(hook, "tcp dport 8080 counter accept");
    expect([hidden, listRules(ip)]).toEqual([[], []]);
    expect(notices).toEqual(["the table netdev pod is out of scope and is not examined"]);
  });
});

test.each([
  ["arp", "table arp a { chain c { type filter hook input priority 0; policy drop; }; }"],
  ["bridge", "table bridge b { chain c { type filter hook forward priority 0; policy drop; }; }"],
  ["a device, which no hook calls", "table netdev d { chain c { drop; }; }"],
])("a chain of %s decides about no packet of a pod, and is passed over", (_, text) => {
  const parsed = readRulesText(text, { where: "a.nft", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  expect([parsed.value.hidden, listRules(parsed.value.ip), parsed.value.notices.length]).toEqual([[], [], 1]);
});

test("a carriage return alone ends a line where nothing else does", () => {
  const text = "*nat\r:OUTPUT ACCEPT [0:0]\r-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\rCOMMIT\r";
  const parsed = readRulesText(text, { where: "a.rules", family: 4 });
  expect(parsed.ok && listRules(parsed.value.ip).length).toBe(1);
});
