import { type Family, familyOf, parseNetwork } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import type { Clause, Connection, Contract, Demand, GivenSetting } from "../../model/contract.ts";
import { fitsInterface, isInPod, loopbackAddress, POD_INTERFACE } from "../../model/pod.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges, type ValueRanges } from "../../model/value-ranges.ts";
import type { CaptureConfig } from "./config.ts";
import { includeSetting, listExclusions } from "./given-settings.ts";
import { entryRange, findOutboundVoid, listHolds, rangesHold } from "./lists.ts";
import { INBOUND, listVirtualLinks, OUTBOUND, PASS_THROUGH, takenFor } from "./pod.ts";

/** sshd's port, which the wildcard never captures (tools/packaging/common/istio-iptables.sh). */
const SSH_PORT = 22;

const CLAUSES = {
  "no-uid-loop":
    "Connections from the proxy are not captured, nor those to the pod's own address that the settings leave alone.",
  "inbound-captured": "Inbound connections go to the proxy: those from peers, and those to the pod's own address.",
  "outbound-captured": "Outbound connections from the workload and from virtual machines go to the proxy.",
  "exclusions-untouched": "Ports and ranges that are excluded or not included are not captured.",
  "loopback-untouched": "Connections to the loopback address are not captured.",
} as const;

type ClauseName = keyof typeof CLAUSES;

/**
 * Gives what Istio 1.4 documents for settings, made from the settings alone. `addresses` are the pod's in the sandbox, whatever the
 * generator is told: they decide what is the pod's own.
 */
export function makeContract(config: CaptureConfig, addresses: Readonly<Record<Family, string>>): Contract {
  const clauses = Object.entries(CLAUSES).map(
    ([name, says]): Clause => ({ name, says, origin: "usual", settings: settingsOf(name as ClauseName, config) }),
  );
  return {
    clauses,
    loopClause: "no-uid-loop",
    protocols: ["tcp"],
    demand: (connection) => demand(config, connection, addresses),
    splitPoints: (family) => splitPoints(config, family),
  };
}

/** Gives the settings that a clause is about: each that is given must concern some flow. */
function settingsOf(name: ClauseName, config: CaptureConfig): readonly GivenSetting[] {
  switch (name) {
    case "inbound-captured":
      return includeSetting("-b", config.inboundPortsInclude);
    case "outbound-captured":
      return findOutboundVoid(config) === null ? includeSetting("-i", config.outboundIpRangesInclude) : [];
    case "exclusions-untouched":
      return listExclusions(config);
    case "no-uid-loop":
    case "loopback-untouched":
      return [];
  }
}

function demand(config: CaptureConfig, connection: Connection, own: Readonly<Record<Family, string>>): Demand {
  if (connection.protocol !== "tcp") return { must: "unspecified" };
  if (connection.family === 6 && !isIpv6Pod(config)) return guardIpv6(connection, own);
  const departing = demandDeparting(config, connection, own);
  return departing ?? demandArriving(config, connection, own);
}

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

function take(listener: string, clause: ClauseName, by: "redirect" | "transparent" = "redirect"): Demand {
  return { must: "land-on", listener, by, clause };
}

/** Says whether an address is the pod's own, seen from inside; `::6` is on IPv6 pods alone. */
function isOwn(address: string, config: CaptureConfig, own: Readonly<Record<Family, string>>): boolean {
  if (address === PASS_THROUGH[6]) return isIpv6Pod(config);
  return isInPod(address, own);
}

/**
 * An IPv4 pod has no IPv6 capture, so nothing may reach it over IPv6 uncaptured: only ::1 may be dialled. The pod itself may dial out.
 * The ICMP error for a call to the pod's own address would have to come in over IPv6 itself, and is dropped like the call; only a caller
 * at ::1 gets it.
 */
function guardIpv6({ startedOn, source, destination }: Connection, own: Readonly<Record<Family, string>>): Demand {
  if (startedOn === "pod" && destination === loopbackAddress(6)) return leave("loopback-untouched");
  if (destination !== own[6]) return leave("exclusions-untouched");
  const hearsError = startedOn !== "pod" || source === loopbackAddress(6);
  return { must: hearsError ? "rejected" : "dropped", clause: "inbound-captured" };
}

/** Traffic of the workload, of the proxy, or of a virtual machine; null where what arrives is to be looked at next. */
function demandDeparting(
  config: CaptureConfig,
  connection: Connection,
  own: Readonly<Record<Family, string>>,
): Demand | null {
  const { startedOn, source, destination, port, owner, family } = connection;
  if (isVirtualMachine(config, connection)) return demandVirtualMachine(config, connection);
  if (startedOn !== "pod" || listHolds(config.outboundPortsExclude, port)) return null;
  const staysInside = isOwn(destination, config, own);
  if (staysInside && source === PASS_THROUGH[family]) return null;
  const capturesSelfCalls = family === 6 || config.loopbackCapture === "on";
  if (staysInside && destination !== loopbackAddress(family) && capturesSelfCalls)
    return take(inboundListener(config), "inbound-captured");
  const isProxy = listHolds(config.proxyUid, owner.uid) || listHolds(config.proxyGid, owner.gid);
  if (isProxy || destination === loopbackAddress(family)) return null;
  if (rangesHold(config.outboundIpRangesExclude, destination, family)) return null;
  return rangesHold(config.outboundIpRangesInclude, destination, family) ? take(OUTBOUND, "outbound-captured") : null;
}

/** A machine behind an interface that the settings do not name is a peer like any other; peers behind one that they name are machines. */
function isVirtualMachine(config: CaptureConfig, { startedOn, link }: Connection): boolean {
  if (startedOn === "pod") return false;
  const cameBy = startedOn === "vm" ? link : POD_INTERFACE;
  if (cameBy === undefined) return listVirtualLinks(config).length > 0;
  return config.kubevirtInterfaces.some((name) => fitsInterface(cameBy, name));
}

/** Included ranges are captured, whatever is excluded; with `*` that is IPv4 alone (the script returns IPv6 to where it was going). */
function demandVirtualMachine(config: CaptureConfig, { destination, family, port }: Connection): Demand | null {
  if (family === 6 && config.outboundIpRangesInclude === "*") return null;
  if (!rangesHold(config.outboundIpRangesInclude, destination, family)) return null;
  const taken = take(OUTBOUND, "outbound-captured");
  const isTwice = family === 4 && config.interceptionMode === "TPROXY" && isInboundPortCaptured(config, port);
  return isTwice ? { must: "not-leave", clause: "outbound-captured", deviation: { ...TWICE, strict: taken } } : taken;
}

const TWICE = {
  tool: "With TPROXY connections from a virtual machine to a captured port are captured twice, and reset.",
  promise: "Connections from a virtual machine are treated as outbound traffic.",
} as const;

/** Traffic that reaches the pod. TPROXY, IPv4 alone, sees all that arrives: from peers, by kubevirt interfaces, and over lo. */
function demandArriving(config: CaptureConfig, connection: Connection, own: Readonly<Record<Family, string>>): Demand {
  const { family, destination, startedOn } = connection;
  const untouched = leave(clauseOfUntouched(config, connection, own));
  const reachesPod = startedOn === "vm" || isOwn(destination, config, own);
  if (!reachesPod || !isInboundPortCaptured(config, connection.port)) return untouched;
  if (family === 4 && config.interceptionMode === "TPROXY")
    return destination === loopbackAddress(4) ? untouched : take(OUTBOUND, "inbound-captured", "transparent");
  // What comes by a kubevirt interface is outbound, never inbound; over IPv6 the script sees to that only with `*`.
  const skips = isVirtualMachine(config, connection) && (family === 4 || config.outboundIpRangesInclude === "*");
  return startedOn === "pod" || skips ? untouched : take(inboundListener(config), "inbound-captured");
}

/** Names the clause for which a connection is left alone. */
function clauseOfUntouched(
  config: CaptureConfig,
  { startedOn, destination, owner, family }: Connection,
  own: Readonly<Record<Family, string>>,
): ClauseName {
  if (startedOn !== "pod") return "exclusions-untouched";
  if (destination === loopbackAddress(family)) return "loopback-untouched";
  const isProxy = listHolds(config.proxyUid, owner.uid) || listHolds(config.proxyGid, owner.gid);
  return isProxy || isOwn(destination, config, own) ? "no-uid-loop" : "exclusions-untouched";
}

/** With `*` all but sshd's and the excluded ports; with a list the listed ones, where exclusions say nothing. */
function isInboundPortCaptured(config: CaptureConfig, port: number): boolean {
  if (config.inboundPortsInclude !== "*") return listHolds(config.inboundPortsInclude, port);
  return port !== SSH_PORT && !listHolds(config.inboundPortsExclude, port);
}

/** The inbound capture port is for capturing every port; a list, or none, leads to the proxy port. */
function inboundListener(config: CaptureConfig): string {
  return takenFor(config, config.inboundPortsInclude === "*" ? INBOUND : OUTBOUND);
}

function splitPoints(config: CaptureConfig, family: Family): SplitPoints {
  const all = <T>(list: "*" | readonly T[]): readonly T[] => (list === "*" ? [] : list);
  const ranges = [...all(config.outboundIpRangesInclude), ...config.outboundIpRangesExclude];
  const ports = [...all(config.inboundPortsInclude), ...config.inboundPortsExclude, ...config.outboundPortsExclude];
  const single = (address: string): ValueRanges => {
    const network = parseNetwork(address);
    return network === null ? [] : networkRanges(network);
  };
  return {
    addresses: [
      ...ranges.filter((range) => familyOf(range) === family),
      PASS_THROUGH[family],
      loopbackAddress(family),
    ].flatMap(single),
    ports: [...ports, `${SSH_PORT}`].map(toRange),
    ids: [...config.proxyUid, ...config.proxyGid].map(toRange),
    marks: [],
  };
}

function toRange(entry: string): readonly [bigint, bigint] {
  const { first, last } = entryRange(entry);
  return [BigInt(first), BigInt(last)];
}
