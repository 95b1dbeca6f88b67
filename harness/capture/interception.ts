import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { loopbackAddress, type Owner, PASS_THROUGH_ADDRESS, type SandboxAddresses } from "../model/pod.ts";
import { type Connection, isPodsOwn } from "./connection.ts";
import { listHolds, rangesHold } from "./intent-lists.ts";

/**
 * What a capture config demands for one connection.
 * `as-dialled`: left alone. `redirected`: to the proxy's listener on `port`; the address it accepts on is another than the one dialled,
 * except where `acceptedOn` is the pod's own address. `transparent`: taken by TPROXY, accepted under the very address dialled.
 * `rejected`: answered with an ICMP error; `dropped`: answered with nothing.
 */
export type Interception =
  | { readonly kind: "as-dialled" | "rejected" | "dropped" }
  | { readonly kind: "redirected"; readonly port: number; readonly acceptedOn: "pod-address" | "another-address" }
  | { readonly kind: "transparent"; readonly port: number };

/** The port that is never captured while every inbound port is: sshd's (Istio 1.4, `istio-iptables.sh`). */
export const SSH_PORT = 22;
const AS_DIALLED: Interception = { kind: "as-dialled" };

/**
 * Gives what a capture config demands for a connection: Istio 1.4's documented meaning of each setting, in order of precedence.
 * It looks at the config alone, never at rules.
 *
 * @example with the seed config
 * interceptConnection(seed, { startedOn: "client", destination: "10.244.0.2", port: 8080, … }, addresses)
 * // { kind: "redirected", port: 15006, acceptedOn: "pod-address" }
 */
export function interceptConnection(
  config: CaptureConfig,
  connection: Connection,
  addresses: SandboxAddresses,
): Interception {
  if (connection.family === 6 && !isIpv6Pod(config)) return guardIpv6(connection, addresses);
  const departing = interceptDeparting(config, connection, addresses);
  return departing.kind === "as-dialled" ? interceptArriving(config, connection, addresses) : departing;
}

/**
 * An IPv4 pod has no IPv6 capture, so nothing may reach it over IPv6 uncaptured: only ::1 may be dialled. The pod itself may dial out.
 * The ICMP error for a call to the pod's own address would have to come in over IPv6 itself, and is dropped like the call; only a caller
 * at ::1 gets it.
 */
function guardIpv6({ startedOn, source, destination }: Connection, addresses: SandboxAddresses): Interception {
  if (destination !== addresses.pod[6]) return AS_DIALLED;
  return { kind: startedOn === "pod" && source !== loopbackAddress(6) ? "dropped" : "rejected" };
}

/** Traffic of the workload, or of a virtual machine behind a kubevirt interface: outbound. */
function interceptDeparting(config: CaptureConfig, connection: Connection, addresses: SandboxAddresses): Interception {
  if (isVirtualMachine(config, connection)) return interceptVirtualMachine(config, connection);
  if (connection.startedOn !== "pod") return AS_DIALLED;
  const { source, destination, port, owner, family } = connection;
  const isOwn = isPodsOwn(destination, config, addresses);
  if (listHolds(config.outboundPortsExclude, port)) return AS_DIALLED;
  if (isOwn && source === PASS_THROUGH_ADDRESS[family]) return AS_DIALLED;
  if (isOwn && destination !== loopbackAddress(family) && hasLoopbackCapture(config, family)) {
    return redirectTo(portOfInboundRedirect(config), "another-address");
  }
  if (isProxyOwner(config, owner)) return AS_DIALLED;
  if (destination === loopbackAddress(family)) return AS_DIALLED;
  if (rangesHold(config.outboundIpRangesExclude, destination, family)) return AS_DIALLED;
  return rangesHold(config.outboundIpRangesInclude, destination, family)
    ? redirectTo(config.proxyPort, "another-address")
    : AS_DIALLED;
}

/** A machine behind an interface that the config does not name is a peer like any other. */
function isVirtualMachine({ kubevirtInterfaces }: CaptureConfig, { startedOn }: Connection): boolean {
  return startedOn === "vm" && kubevirtInterfaces.length > 0;
}

/** Included ranges are captured, whatever is excluded; with `*` that is IPv4 alone (Istio's script returns IPv6 to where it was going). */
function interceptVirtualMachine(config: CaptureConfig, { destination, family }: Connection): Interception {
  const isCaptured =
    !(family === 6 && config.outboundIpRangesInclude === "*") &&
    rangesHold(config.outboundIpRangesInclude, destination, family);
  return isCaptured ? redirectTo(config.proxyPort, "another-address") : AS_DIALLED;
}

/** Traffic that reaches the pod. TPROXY, IPv4 alone, sees all that arrives: from peers, by kubevirt interfaces, and over lo. */
function interceptArriving(config: CaptureConfig, connection: Connection, addresses: SandboxAddresses): Interception {
  const { family, destination, startedOn, port } = connection;
  const reachesPod = startedOn === "vm" || isPodsOwn(destination, config, addresses);
  if (!reachesPod || !isInboundPortCaptured(config, port)) return AS_DIALLED;
  if (family === 4 && config.interceptionMode === "TPROXY") {
    return destination === loopbackAddress(4) ? AS_DIALLED : { kind: "transparent", port: config.proxyPort };
  }
  if (startedOn === "pod" || (isVirtualMachine(config, connection) && skipsInbound(config, family))) return AS_DIALLED;
  return redirectTo(portOfInboundRedirect(config), startedOn === "vm" ? "another-address" : "pod-address");
}

/** What comes by a kubevirt interface is outbound, never inbound; over IPv6 the script sees to that only with `*`. */
function skipsInbound(config: CaptureConfig, family: 4 | 6): boolean {
  return family === 4 || config.outboundIpRangesInclude === "*";
}

/** With `*` all but sshd's and the excluded ports; with a list the listed ones, where exclusions say nothing. */
function isInboundPortCaptured(config: CaptureConfig, port: number): boolean {
  if (config.inboundPortsInclude !== "*") return listHolds(config.inboundPortsInclude, port);
  return port !== SSH_PORT && !listHolds(config.inboundPortsExclude, port);
}

/** The inbound capture port is for capturing every port; a list, or none, leads to the proxy port. */
function portOfInboundRedirect(config: CaptureConfig): number {
  return config.inboundPortsInclude === "*" ? config.inboundCapturePort : config.proxyPort;
}

/** Switching loopback capture off is heeded for IPv4 alone. */
function hasLoopbackCapture(config: CaptureConfig, family: 4 | 6): boolean {
  return family === 6 || config.loopbackCapture === "on";
}

/** Says whether a socket's owner is one that the config leaves alone: by uid or by gid, either suffices. */
export function isProxyOwner(config: CaptureConfig, owner: Owner): boolean {
  return listHolds(config.proxyUid, owner.uid) || listHolds(config.proxyGid, owner.gid);
}

function redirectTo(port: number, acceptedOn: "pod-address" | "another-address"): Interception {
  return { kind: "redirected", port, acceptedOn };
}
