import type { PolicyRouting } from "../model/ruleset.ts";

/** The rules that every network namespace has: net/ipv4/fib_rules.c, fib_default_rules_init. */
const KERNEL_RULE = /^\d+:\s+from all lookup (local|main|default)$/;
/** Tables that the kernel fills by itself. */
const KERNEL_TABLES = ["local", "main", "default"];
/** Addresses that a loopback device has by itself. */
const KERNEL_ADDRESSES = ["127.0.0.1/8", "::1/128"];

/**
 * Gives what somebody has added to a namespace's IPv4 routing and to the addresses of `lo`, from what `ip -4 rule`, `ip -4 route show table
 * all` and `ip -o addr` print, each below a line `# COMMAND`: `{ rules: ["fwmark 0x539 lookup 133"], routes: ["local default dev lo table
 * 133"], addresses: ["::6/128 dev lo"] }`. What a route says beside its kind, network, gateway, device and table is left away.
 */
export function readPolicyRouting(printed: string): PolicyRouting {
  const linesOf = (command: string) => {
    const [, text = ""] = printed.split(`# ${command}\n`);
    const lines = text.split("\n").map((line) => line.trim());
    const end = lines.findIndex((line) => line.startsWith("# "));
    return end < 0 ? lines : lines.slice(0, end);
  };
  return {
    rules: linesOf("ip -4 rule")
      .filter((line) => line !== "" && !KERNEL_RULE.test(line))
      .map((line) => line.replace(/^\d+:\s+(?:from all )?/, "")),
    routes: linesOf("ip -4 route show table all").flatMap(readRoute),
    addresses: linesOf("ip -o addr").flatMap(readAddress),
  };
}

/** `local default dev lo table 133 scope host` */
function readRoute(line: string): readonly string[] {
  const [, route, table = "main"] = /^((?:local )?\S+(?: via \S+)? dev \S+ table (\S+))/.exec(line) ?? [];
  return route === undefined || KERNEL_TABLES.includes(table) ? [] : [route];
}

/** `1: lo    inet6 ::6/128 scope global \ …` */
function readAddress(line: string): readonly string[] {
  const [, address] = /^\d+: lo\s+inet6? (\S+)/.exec(line) ?? [];
  return address === undefined || KERNEL_ADDRESSES.includes(address) ? [] : [`${address} dev lo`];
}
