import { addressValue, type Family, type Network, networkHolds, parseNetwork } from "../../model/address.ts";
import type { Connection, Demand } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { fitsInterface, isInPod, loopbackAddress, POD_INTERFACE } from "../../model/pod.ts";
import type { ClauseName } from "./clauses.ts";
import { listLinks, nameListener } from "./pod.ts";
import type { CapturedServers } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

/** The address from which the proxy's inbound pass-through connects (the cluster InboundPassthroughCluster). */
export const PASS_THROUGH: Readonly<Record<Family, string>> = { 4: "127.0.0.6", 6: "::6" };
/** The port of DNS servers, whose queries Istio may capture. */
export const DNS_PORT = 53;

/** Everything that a demand follows from beside the connection. */
export interface Situation {
  readonly settings: IstioSettings;
  readonly servers: CapturedServers;
  readonly hasIpv6: boolean;
  /** The pod's addresses where flows are driven. */
  readonly own: Readonly<Record<Family, string>>;
  /** The host behind the first interface that the settings name; null where it is not known. */
  readonly behindLink: Readonly<Record<Family, string>> | null;
}

/** A demand that some clause makes. */
export type Said = Exclude<Demand, { readonly must: "unspecified" }>;

/** Demands that a connection is left alone. */
export function leave(clause: ClauseName): Said {
  return { must: "as-dialled", clause };
}

/** Demands that a connection is redirected to the proxy's outbound port. */
export function takeOutbound(settings: IstioSettings): Said {
  const listener = nameListener(settings, settings.proxyPort);
  return { must: "land-on", listener, by: "redirect", clause: "outbound-captured" };
}

/** Says whether some ranges hold a port or an id. */
export function holds(ranges: "*" | readonly Range[], value: number): boolean {
  return ranges === "*" || ranges.some(({ first, last }) => first <= value && value <= last);
}

/** Gives the networks of one family in a list. */
export function networksOf(texts: readonly string[], family: Family): readonly Network[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []).filter((network) => network.family === family);
}

/** Says whether a list of networks that the settings give holds an address; rules hold networks of those families alone that they name. */
export function networksHold(
  texts: "*" | readonly string[],
  address: string,
  family: Family,
  situation: Situation,
): boolean {
  if (texts === "*") return true;
  if (!namesFamily(situation, family)) return false;
  return networksOf(texts, family).some((network) => networkHolds(network, addressValue(address)));
}

/** Says whether an address is the pod's own, seen from inside: it is then reached over lo. */
export function isInside(address: string, { own, hasIpv6 }: Situation): boolean {
  if (address === PASS_THROUGH[6]) return hasIpv6;
  return isInPod(address, own);
}

/** Says whether rules name addresses of a family: in a pod without IPv6 rules those of nftables see IPv6, and name no address of it. */
export function namesFamily({ hasIpv6 }: Situation, family: Family): boolean {
  return family === 4 || hasIpv6;
}

/** Says whether an address is one of those that are left alone: a setting names them for IPv4, for IPv6 it is ::1. */
export function isLeftLoopback(address: string, family: Family, situation: Situation): boolean {
  const { loopbackNetwork } = situation.settings;
  return networksHold([family === 4 ? loopbackNetwork : loopbackAddress(6)], address, family, situation);
}

/** Says whether a list names an interface. */
export function namesInterface(list: readonly string[], name: string): boolean {
  return list.some((entry) => fitsInterface(name, entry));
}

/** Gives the interface by which the pod reaches what a connection dials. */
export function findExit({ destination, family, link }: Connection, situation: Situation): string {
  if (isInside(destination, situation)) return "lo";
  const further = link ?? listLinks(situation.settings)[0];
  return further !== undefined && destination === situation.behindLink?.[family] ? further : POD_INTERFACE;
}
