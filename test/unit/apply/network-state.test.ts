import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

test("rules under a mask and routes of both families are seen, added once, and taken out by their priority", () => {
  const foreign = "ip rule add fwmark 0x111 lookup 100; ip -6 rule add from ::2 fwmark 0x111/0xfff lookup 100";
  const run = `exec "${process.execPath}" --conditions=landfall-source ${import.meta.dirname}/network-state-run.ts`;
  const script = `ip link set lo up; ${foreign}; ${run}`;
  const [once, twice, without] = JSON.parse(execFileSync("unshare", ["-n", "sh", "-c", script], { encoding: "utf8" }));
  const plain = "pref 32765 fwmark 0x111 lookup 100";
  expect(once).toEqual({
    rules: ["pref 32764 fwmark 0x111/0xfff lookup 100", plain, "-6 pref 32764 fwmark 0x111/0xfff lookup 100"],
    routes: ["local default dev lo table 100", "-6 local ::/0 dev lo table 100"],
    addresses: ["::6/128 dev lo"],
  });
  expect(twice).toEqual(once);
  expect(without).toEqual({ rules: [plain], routes: [], addresses: [] });
});
