import { readPrintedRule } from "../../formats/printed-rule.ts";
import { parseLoopbackAddress, parseTableRoute } from "../../formats/routing-words.ts";
import { FAMILIES } from "../../model/address.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";

/** Tables that the kernel fills by itself; a route without a table is one of `main`. */
const KERNEL_TABLES = ["local", "main", "default"];
/** Addresses that a loopback device has by itself. */
const KERNEL_ADDRESSES = ["127.0.0.1/8", "::1/128"];

/**
 * Gives what somebody has added to a namespace's routing and to the addresses of `lo`, from what `ip -4 rule`, `ip -4 route show table
 * all`, the same with `-6`, and `ip -o addr` print, each below a line `# COMMAND`. What is not understood is kept as text. Routes of `main`
 * and `local` are left out: in a sandbox these are landfall's own.
 */
export function readPolicyRouting(printed: string): PolicyRouting {
  const linesOf = (command: string) => {
    const [, text = ""] = printed.split(`# ${command}\n`);
    const lines = text.split("\n").map((line) => line.trim());
    const end = lines.findIndex((line) => line.startsWith("# "));
    return (end < 0 ? lines : lines.slice(0, end)).filter((line) => line !== "");
  };
  return {
    rules: FAMILIES.flatMap((family) => linesOf(`ip -${family} rule`).flatMap((line) => readPrintedRule(line, family))),
    routes: FAMILIES.flatMap((family) =>
      linesOf(`ip -${family} route show table all`)
        .filter((line) => !KERNEL_TABLES.includes(/ table (\S+)/.exec(line)?.[1] ?? "main"))
        .map((line) => parseTableRoute(line, family)),
    ),
    addresses: linesOf("ip -o addr").flatMap(readAddress),
  };
}

/** `1: lo    inet6 ::6/128 scope global \ …` */
function readAddress(line: string): PolicyRouting["addresses"] {
  const [, address] = /^\d+: lo\s+inet6? (\S+)/.exec(line) ?? [];
  if (address === undefined || KERNEL_ADDRESSES.includes(address)) return [];
  return [parseLoopbackAddress(`${address} dev lo`) ?? []].flat();
}
