import { type Family, type Network, networkHolds, parseNetwork } from "../model/address.ts";
import { POD_INTERFACE, type PodSpec, vmLinks } from "../model/pod.ts";
import type { PolicyRouting } from "../model/ruleset.ts";
import type { KnownAddress } from "./address-book.ts";

/** Where the pod sends a packet: to itself over `lo`, or out by an interface. */
export interface Route {
  readonly out: string;
  readonly scope: "local" | "link";
}

/** Gives the route to an address for a packet with a mark, or what about the routing is not understood. */
export type FindRoute = (destination: KnownAddress, mark: number) => Route | { readonly unknown: string };

/** The route of everything that is the pod's own. */
export const TO_SELF: Route = { out: "lo", scope: "local" };

interface MarkRule {
  readonly value: number;
  readonly mask: number;
  readonly routes: readonly TableRoute[];
}

interface TableRoute {
  /** Null stands for every address. */
  readonly network: Network | null;
  readonly route: Route;
}

/**
 * Opens the pod's routing: its own addresses first, then what policy routing says of the packet's mark, then its links; everything
 * else goes by the default route through `upstream`. A line of policy routing that begins with `-6 ` is IPv6's, every other is IPv4's.
 */
export function openRouting(spec: PodSpec, policy: PolicyRouting): FindRoute {
  const rules: Readonly<Record<Family, readonly (MarkRule | string)[]>> = {
    4: readRules(policy, 4),
    6: readRules(policy, 6),
  };
  const links: Readonly<Record<Family, Route>> = { 4: linkRoute(POD_INTERFACE), 6: linkRoute(POD_INTERFACE) };
  const vmLink = vmLinks(spec)[0];
  return (destination, mark) => {
    if (destination.host === "pod" || destination.host === "loopback") return TO_SELF;
    const marked = findMarked(rules[destination.family], destination, mark);
    if (marked !== null) return marked;
    return destination.host === "vm" && vmLink !== undefined ? linkRoute(vmLink) : links[destination.family];
  };
}

function linkRoute(out: string): Route {
  return { out, scope: "link" };
}

function findMarked(rules: readonly (MarkRule | string)[], destination: KnownAddress, mark: number) {
  for (const rule of rules) {
    if (typeof rule === "string") return { unknown: `ip rule ${rule}` };
    if ((mark & rule.mask) >>> 0 !== rule.value) continue;
    const found = rule.routes.find(({ network }) => network === null || holds(network, destination));
    if (found) return found.route;
  }
  return null;
}

function holds(network: Network, destination: KnownAddress): boolean {
  return network.family === destination.family && networkHolds(network, destination.value);
}

function readRules({ rules, routes }: PolicyRouting, family: Family): readonly (MarkRule | string)[] {
  const ofFamily = (lines: readonly string[]) =>
    lines.filter((line) => line.startsWith("-6 ") === (family === 6)).map((line) => line.replace(/^-6 /, ""));
  const own = ofFamily(routes);
  return ofFamily(rules).map((line) => parseMarkRule(line, own));
}

/** Reads `fwmark 0x539 lookup 133`; gives the line back where it says more. */
function parseMarkRule(line: string, routes: readonly string[]): MarkRule | string {
  const found = /^fwmark (\w+)(?:\/(\w+))? (?:lookup|table) (\w+)$/.exec(line.trim());
  if (!found) return line;
  const [, value = "0", mask = "0xffffffff", table = ""] = found;
  const own = routes.map(parseTableRoute).filter((route) => route.table === table);
  return own.some((route) => route.kind === null) ? line : { value: Number(value), mask: Number(mask), routes: own };
}

/** Reads `local default dev lo table 133` and `default via ADDRESS dev eth0 table 133`; any other line makes its table unknown. */
function parseTableRoute(line: string) {
  const found = /^(local )?(\S+)(?: via \S+)? dev (\S+) table (\w+)$/.exec(line.trim());
  const [, kind, to = "", out = "", table = ""] = found ?? [];
  const network = to === "default" ? null : parseNetwork(to);
  const ofTable = /\btable (\w+)/.exec(line)?.[1] ?? "";
  return {
    kind: found ? (kind ?? "unicast") : null,
    table: found ? table : ofTable,
    network,
    route: kind ? TO_SELF : linkRoute(out),
  };
}
