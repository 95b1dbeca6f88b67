import { CallError } from "./fault.ts";
import { type NamespaceNetwork, readNamespaceNetwork } from "./network-state.ts";

/** Routes of these types lead nowhere, or to the namespace itself (man 8 ip-route, "route types"). */
const HARMLESS_ROUTE = /^(?:local|broadcast|anycast|multicast|unreachable|blackhole|prohibit|throw)\b|\bdev lo\b/;
/** An address with a whole network behind it brings a route to that network. */
const HOST_ADDRESS = /(?:\/32|\/128)(?: peer \S+)? dev|dev lo$/;

/**
 * Throws `rules-refused` where the ways out of a namespace are others than before: a route, a neighbour or an address was added that can
 * lead a packet somewhere else, or a route or neighbour of before is gone. Local and unreachable routes, routes through lo and policy
 * rules are what redirection needs (`ip route add local default dev lo table 133`), and are allowed.
 */
export async function refuseOtherRoutes(namespace: number | null, before: NamespaceNetwork): Promise<void> {
  const now = await readNamespaceNetwork(namespace);
  const listRoutes = (state: NamespaceNetwork) => [...state.routes["-4"], ...state.routes["-6"]];
  const added = [
    ...missingFrom(listRoutes(before), listRoutes(now)).filter((route) => !HARMLESS_ROUTE.test(route)),
    ...missingFrom(before.addresses, now.addresses).filter((address) => !HOST_ADDRESS.test(address)),
    ...missingFrom(before.neighbours, now.neighbours).map((neighbour) => `neighbour ${neighbour}`),
  ];
  const removed = [
    ...missingFrom(listRoutes(now), listRoutes(before)),
    ...missingFrom(now.neighbours, before.neighbours).map((neighbour) => `neighbour ${neighbour}`),
  ];
  if (added.length === 0 && removed.length === 0) return;
  const changes = [...removed.map((line) => `removed "${line}"`), ...added.map((line) => `added "${line}"`)];
  throw new CallError(
    "rules-refused",
    `the script changed where packets can leave the pod: it ${changes.join(", and ")}. ` +
      "The sandbox's own routes keep packets inside; use local routes and policy rules only.",
  );
}

/** Gives the lines of `second` that `first` does not have. */
function missingFrom(first: readonly string[], second: readonly string[]): readonly string[] {
  return second.filter((line) => !first.includes(line));
}
