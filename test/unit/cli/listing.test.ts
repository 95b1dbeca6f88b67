import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

/** What iptables itself prints of the rules that `iptables-save` text makes, in a network namespace of its own. */
function listByKernel(save: string, family: "4" | "6", table: string, options: readonly string[]): string {
  const [tool, ...words] = [family === "4" ? "iptables" : "ip6tables", "-t", table, "-L", ...options];
  const script = `${tool}-restore && ${tool} ${words.join(" ")}`;
  return execFileSync("unshare", ["-n", "sh", "-c", script], { input: save, encoding: "utf8" });
}

/** Checks that both listings of some flags' rules are, byte by byte, what iptables prints of the same rules. */
async function check(words: readonly string[], family: "4" | "6", table: string): Promise<void> {
  const print = async (...format: readonly string[]) => {
    const { code, out } = await runCommand("generate", ...words, "--family", family, ...format);
    expect(code).toBe(0);
    return out;
  };
  const save = await print();
  const numeric = await print("--format", "listing-numeric", "--table", table);
  const named = await print("--format", "listing", "--table", table);
  expect(numeric).toBe(listByKernel(save, family, table, ["-n"]));
  expect(named).toBe(listByKernel(save, family, table, []));
}

const SEED = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];
const NAMED = ["-u", "root,1000-2000", "-g", "daemon", "-b", "http,22,8000:8100", "-o", "domain,0:443,8080:"];
const RANGES = [
  "-i",
  "10.0.0.0/8,127.0.0.1,169.254.0.0/16,2001:db8::/32",
  "-x",
  "0.0.0.0/0,::1,10.1.2.3,fd00::/255.0.0.0",
];
const IPV6 = ["--pod-ip", "2001:db8::5"];

describe("the listings are what iptables prints", () => {
  test.each<[string, readonly string[], "4" | "6", string]>([
    ["the seed command", SEED, "4", "nat"],
    ["its IPv6 guard", SEED, "6", "filter"],
    ["the seed command on an IPv6 pod", [...SEED, ...IPV6], "6", "nat"],
    ["names of services, users and groups", NAMED, "4", "nat"],
    ["the same for IPv6", [...NAMED, ...IPV6], "6", "nat"],
    [
      "networks and hosts",
      [...SEED.slice(0, 4), ...RANGES.slice(0, 3), RANGES[3]?.replace("fd00::/255.0.0.0", "fd00::/8") ?? ""],
      "4",
      "nat",
    ],
    [
      "the same for IPv6, with interfaces",
      [...SEED.slice(0, 4), ...RANGES.slice(0, 2), "-k", "net1,tap+", ...IPV6],
      "6",
      "nat",
    ],
    ["interfaces", [...SEED, "-k", "net1,tap+"], "4", "nat"],
    ["TPROXY in mangle", [...SEED, "-m", "TPROXY"], "4", "mangle"],
    ["a port list under TPROXY", ["-m", "TPROXY", "-b", "80,https"], "4", "mangle"],
    ["a table without rules", SEED, "4", "filter"],
  ])("of %s", (_claim, words, family, table) => check(words, family, table));
});
