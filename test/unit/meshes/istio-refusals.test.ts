import { expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";

/** Values that istio-iptables takes, and with which no pod works. */
test.each([
  ["-r", "254", /-r: Table "254" is the kernel's table main: every packet would be delivered to the pod itself/],
  ["-r", "255", /-r: Table "255" is the kernel's table local/],
  ["-r", "0", /-r: "0" is not a routing table; write a decimal number from 1 to 4294967295/],
  ["-t", "0", /-t: "0" is not a mark/],
])("istio %s %s is refused", async (flag, value, message) => {
  const { code, err } = await runCommand("generate", "--mesh", "istio", "-u", "1337", "-m", "TPROXY", flag, value);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test("the table of the kernel's own defaults is taken, which it looks at last", async () => {
  const { code } = await runCommand("generate", "--mesh", "istio", "-u", "1337", "-m", "TPROXY", "-r", "253");
  expect(code).toBe(0);
});
