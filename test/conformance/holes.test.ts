import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { takeShare } from "../thoroughness.ts";
import { runCommand } from "../unit/cli/run-command.ts";

const FLAGS = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];

/** Each file is the seed's rules with one rule too many, whose values no flag names: what shows it, and the rule's own text. */
const HOLES: readonly (readonly [file: string, flow: string, rule: string])[] = [
  ["inbound-9090", "client -> pod:9090", "--dport 9090"],
  ["outbound-3306", "app -> upstream:3306", "--dport 3306"],
  ["outbound-range", "app -> 10.96.7.0:80", "! --dport 8080"],
  ["owner", "uid=4711,gid=1000 -> upstream:8080", "--uid-owner 4711"],
  ["source-address", "upstream@192.0.2.64 -> pod:8080", "-s 192.0.2.64/26"],
  ["source-port", "client@:5000 -> pod:8080", "--sport 5000"],
  ["own-source-port", "app@:70\\d -> upstream:8080", "--sport 700:710"],
  ["proxy-source-port", "app@:15006 -> upstream:8080", "--sport 15006"],
  ["mark", "app,mark=0x7 -> upstream:8080", "--mark 0x7/0xff"],
  ["interface", "vm -> pod:8080", "-i net1"],
  ["other-interfaces", "vm -> pod:8080", "! -i eth0"],
  ["closed-port", "app -> localhost:4\\d{3}", "--tcp-flags RST RST"],
  ["ipv6", "client6 -> pod6:9090", "--dport 9090"],
];

describe("on the kernel, verify finds an exception in the rules at a value that no option names:", () => {
  test.each(takeShare(HOLES, 3))("%s", async (file, flow, rule) => {
    const path = fileURLToPath(new URL(`holes/${file}.rules`, import.meta.url));
    const option = file === "ipv6" ? "--rules6" : "--rules";
    const { code, out } = await runCommand("verify", ...FLAGS, option, path, "--sandbox", "netns");
    expect(code).toBe(1);
    const causes = out.slice(out.search(/^ {2}✗ \d+ flows? /m));
    expect(causes).toMatch(new RegExp(`(^| )${flow}(;|$)`, "m"));
    expect(causes.replaceAll(/\s+/g, " ")).toContain(rule);
  });
});
