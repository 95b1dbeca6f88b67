import { expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { doubtInvalid } from "../../../harness/run/classes/invalid-packets.ts";

const INVALID = "-A PREROUTING -m conntrack --ctstate INVALID";

/** Says whether a mangle table with some rules is doubted where a contract says so much of INVALID packets. */
function isDoubted(rules: string, said: "dropped" | "unsaid"): boolean {
  const text = `*mangle\n:PREROUTING ACCEPT [0:0]\n:BAD - [0:0]\n:LOOP - [0:0]\n${rules}\nCOMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const { ip } = doubtInvalid({ ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING }, said);
  if (ip === null) throw new Error("The rules are gone.");
  return renderIptablesSave(ip) !== renderIptablesSave(parsed.value);
}

test.each([
  ["a drop", `${INVALID} -j DROP`],
  ["a drop of TCP alone", `${INVALID} -p tcp -j DROP`],
  ["a chain that drops", `${INVALID} -j BAD\n-A BAD -j DROP`],
  ["the same of two chains", `${INVALID} -g BAD\n-A BAD -j LOOP\n-A LOOP -j DROP`],
])("%s is no doubt where INVALID packets are to be dropped, and one where nothing is said", (_, rules) => {
  expect([isDoubted(rules, "dropped"), isDoubted(rules, "unsaid")]).toEqual([false, true]);
});

test.each([
  ["a mark", `${INVALID} -j MARK --set-xmark 0x7/0xffffffff`],
  ["an accept", `${INVALID} -j ACCEPT`],
  ["what is not INVALID", "-A PREROUTING -m conntrack ! --ctstate INVALID -j DROP"],
  ["a chain that drops some", `${INVALID} -j BAD\n-A BAD -p tcp -j DROP`],
  ["a chain that marks first", `${INVALID} -j BAD\n-A BAD -j MARK --set-xmark 0x7/0xffffffff\n-A BAD -j DROP`],
  ["an empty chain", `${INVALID} -j BAD`],
  ["a drop beside an accept", `${INVALID} -j DROP\n-A PREROUTING -m conntrack --ctstate INVALID -j ACCEPT`],
])("%s is a doubt in any case", (_, rules) => {
  expect([isDoubted(rules, "dropped"), isDoubted(rules, "unsaid")]).toEqual([true, true]);
});

test("rules that ask for no INVALID packet are left as they are", () => {
  expect(isDoubted("-A PREROUTING -m conntrack --ctstate NEW -j DROP", "unsaid")).toBe(false);
});
