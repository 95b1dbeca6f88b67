import { describe, expect, test } from "vitest";
import { runCommand } from "../unit/cli/run-command.ts";

const LINKERD = ["-p", "4143", "-o", "4140", "-u", "2102"];

/** Each of these is about flows that a contract's boundary flows once left out, so that broken rules passed for right. */
describe("the flows at a contract's boundaries show every mutant of its mesh's rules with", () => {
  test.each<[string, readonly string[]]>([
    ["TPROXY, which takes inside the pod what a redirect would take", ["istio", "-m", "TPROXY", "-b", "*", "-i", "*"]],
    ["a network beside which a peer's address is", ["istio", "-i", "10.244.0.2/32"]],
    ["the same with Istio 1.4", ["istio-1.4", "-i", "10.244.0.2/32"]],
    ["two uids, and loopback addresses captured", ["istio", "-u", "1337,2000", "-i", "127.0.0.0/8"]],
    ["a virtual network without DNS capture", ["kuma", "--vnet", "docker0:172.17.0.0/16"]],
    ["a DNS server at the pod's own address", ["kuma", "--redirect-dns", "--pod-ip", "10.96.0.10"]],
    ["a port both to redirect and to ignore", ["linkerd", ...LINKERD, "-r", "53", "--inbound-ports-to-ignore", "53"]],
  ])("%s", { timeout: 240_000 }, async (_, words) => {
    const { code, out } = await runCommand("mutate", "--sandbox", "simulated", "--mesh", ...words);
    expect(code, out).toBe(0);
    expect(out).toContain(" 0 missed");
  });
});
