import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { doubtInvalid } from "../../../harness/run/classes/invalid-packets.ts";
import { runCommand } from "../cli/run-command.ts";

const INVALID = "-A PREROUTING -m conntrack --ctstate INVALID";

/** Says whether a mangle table with some rules is doubted where a contract says so much of INVALID packets. */
function isDoubted(rules: string, said: "dropped" | "unsaid"): boolean {
  const text = `*mangle\n:PREROUTING ACCEPT [0:0]\n:BAD - [0:0]\n:LOOP - [0:0]\n${rules}\nCOMMIT\n`;
  const parsed = parseIptablesSave(text, { where: "test", family: 4 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const { ip } = doubtInvalid(
    { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING },
    said === "dropped" ? [4] : [6],
  );
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

describe("with settings that ask for INVALID packets to be dropped", () => {
  const folder = mkdtempSync(join(tmpdir(), "landfall-invalid-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const DROP = /^-A PREROUTING .*--ctstate INVALID -j (?:DROP|ISTIO_DROP)\n/m;

  test.each([
    ["istio", ["-b", "*", "-i", "*", "--drop-invalid"]],
    ["kuma", ["--drop-invalid-packets"]],
  ])("rules of %s that drop none, or only some, are not as expected", async (mesh, options) => {
    const words = ["--mesh", mesh, ...options];
    const { out: rules } = await runCommand("generate", ...words, "--format", "save");
    const [rule = ""] = DROP.exec(rules) ?? [];
    const path = join(folder, `${mesh}.rules`);
    const verify = async (text: string) => {
      writeFileSync(path, text);
      const { code, out } = await runCommand("verify", ...words, "--rules", path, "--sandbox", "simulated");
      return [code, out.includes("no rule drops those of this flow")];
    };
    expect(await verify(rules)).toEqual([0, false]);
    expect(await verify(rules.replace(rule, ""))).toEqual([3, true]);
    expect(await verify(rules.replace(rule, rule.replace(" -m conntrack", " -s 10.244.0.3/32 -m conntrack")))).toEqual([
      3,
      true,
    ]);
  });
});
