import type { Family } from "../model/address.ts";
import type { Match } from "../model/match.ts";
import {
  loopbackAddress,
  POD_INTERFACE,
  type PodSpec,
  type SandboxAddresses,
  vmGateway,
  vmLinks,
} from "../model/pod.ts";
import { LOCAL_TABLE, MAIN_TABLE, type PolicyRouting } from "../model/policy-routing.ts";
import { listMatches, listTargets } from "../model/rule-parts.ts";
import { listActiveTables, listRules, type PodRules, type Rule, type Ruleset } from "../model/ruleset.ts";
import { targetTraits } from "../model/target-traits.ts";
import { type KnownAddress, openAddressBook } from "./address-book.ts";
import { type CompiledHooks, compileRuleset, findTrackingOrder } from "./chain.ts";
import { type HookSteps, makeHookSteps } from "./hooks.ts";
import { openRouting } from "./routing.ts";
import { openListeners } from "./sockets.ts";
import type { LeavingPacket, PodSurroundings } from "./surroundings.ts";

/** Everything about the pod that no flow changes: rules ready to run, addresses, routes, listeners. */
export interface CompiledPod extends PodSurroundings {
  /** The base chains that packets meet; those of tables that say nothing are not among them. */
  readonly chains: Readonly<Record<Family, CompiledHooks>>;
  readonly hooks: Readonly<Record<Family, HookSteps>>;
  /** Whether rules see every packet, or, where only nat has any, first packets alone. */
  readonly shows: Readonly<Record<Family, "every packet" | "first packets">>;
}

/** Makes a pod of the sandbox's shape with these rules in it. */
export function makePod(rules: PodRules, spec: PodSpec, addresses: SandboxAddresses): CompiledPod {
  const book = openAddressBook(spec, addresses, rules.policyRouting);
  const links = vmLinks(spec);
  const interfaceAddress = (name: string, family: Family) => {
    if (name === POD_INTERFACE) return addresses.pod[family];
    const link = links.indexOf(name);
    if (link >= 0) return vmGateway(link, addresses)[family];
    return name === "lo" ? loopbackAddress(family) : null;
  };
  const findRoute = openRouting(spec, rules.policyRouting);
  const sourceTowards = (destination: KnownAddress) => {
    const route = findRoute({ destination, mark: 0, iif: "lo" });
    const address = "unknown" in route ? null : interfaceAddress(route.out, destination.family);
    return book.find(address ?? addresses.pod[destination.family]);
  };
  const findReversePath = (source: KnownAddress, iif: string) => {
    // Flows of one class come from many addresses: only what marks decide is the same for all of them.
    if (asksForAddresses(rules.policyRouting)) return { unknown: "fib saddr . iif oif with routes to single networks" };
    const route = findRoute({ destination: source, mark: 0, iif });
    if ("unknown" in route) return route;
    return route.scope === "local" ? "" : route.out;
  };
  const chains = { 4: compileRuleset(rules.ip), 6: compileRuleset(rules.ip6) };
  return {
    book,
    chains,
    hooks: {
      4: makeHookSteps(chains[4], findTrackingOrder(rules.ip, needsTracking)),
      6: makeHookSteps(chains[6], findTrackingOrder(rules.ip6, needsTracking)),
    },
    shows: { 4: whatIsShown(chains[4]), 6: whatIsShown(chains[6]) },
    conntrack: { 4: conntrackOf(rules.ip), 6: conntrackOf(rules.ip6) },
    translation: { 4: translationOf(rules.ip), 6: translationOf(rules.ip6) },
    findRoute,
    findReversePath,
    findListener: openListeners(spec),
    spec,
    addresses,
    interfaceAddress,
    sourceTowards,
    masqueradeAddress: (packet) => book.find(masqueradeAddress(packet, addresses, interfaceAddress)),
  };
}

/** Says whether packets without a mark may be routed otherwise than by the pod's links. */
function asksForAddresses({ rules, routes }: PolicyRouting): boolean {
  return (
    rules.some((rule) => rule.kind === "unknown" || rule.fwmark === null) ||
    routes.some((route) => route.kind === "unknown" || route.table === MAIN_TABLE || route.table === LOCAL_TABLE)
  );
}

function whatIsShown(chains: CompiledHooks): CompiledPod["shows"][Family] {
  return Object.values(chains).every((hook) => hook.every(({ base }) => base.type === "nat"))
    ? "first packets"
    : "every packet";
}

/** On `lo` the address has host scope and is passed over for the first one that reaches further (inet_select_addr). */
function masqueradeAddress(
  packet: LeavingPacket,
  addresses: SandboxAddresses,
  of: CompiledPod["interfaceAddress"],
): string {
  const { family, out, destination } = packet;
  if (out !== "lo") return of(out, family) ?? addresses.pod[family];
  const isOwnV6 = family === 6 && (destination.host === "loopback" || destination.host === "pod");
  return isOwnV6 ? destination.text : addresses.pod[family];
}

/** The chains of tables without a rule count too, which `chains` leaves out. */
function translationOf(ruleset: Ruleset | null): "on" | "off" {
  return listActiveTables(ruleset).some(({ chains }) => chains.some(({ base }) => base?.type === "nat")) ? "on" : "off";
}

/**
 * Says whether a rule set switches connection tracking on in its network namespace: any NAT target, any match or target about connections
 * does. One that is not understood may: the table nat is then consulted, so that what it says of such a rule is not lost.
 */
export function conntrackOf(ruleset: Ruleset | null): "on" | "off" {
  if (ruleset === null) return "off";
  const known = TRACKING.get(ruleset);
  if (known !== undefined) return known;
  const tracking = listRules(ruleset).some(needsTracking) ? "on" : "off";
  TRACKING.set(ruleset, tracking);
  return tracking;
}

/** Each lane and each answer to an unknown match is a pod of its own, with the same rules. */
const TRACKING = new WeakMap<Ruleset, "on" | "off">();

function needsTracking(rule: Rule): boolean {
  return (
    listTargets(rule).some((target) => targetTraits(target).tracking === "switches-on") ||
    listMatches(rule).some(asksConnection)
  );
}

/** In nftables each key that reads a connection does (nft_ct_get_init in net/netfilter/nft_ct.c). */
function asksConnection(match: Match): boolean {
  return match.kind === "compare" ? match.keys.some(({ name }) => name.startsWith("ct ")) : ASKS_CONNECTION[match.kind];
}

/** Matches whose kernel modules switch connection tracking on (nf_ct_netns_get in their `checkentry`, net/netfilter/xt_*.c). */
const ASKS_CONNECTION = {
  protocol: false,
  source: false,
  destination: false,
  "in-interface": false,
  "out-interface": false,
  fragment: false,
  "source-port": false,
  "destination-port": false,
  "tcp-flags": false,
  multiport: false,
  "source-range": false,
  "destination-range": false,
  owner: false,
  state: true,
  "connection-protocol": true,
  "connection-address": true,
  "connection-port": true,
  "connection-status": true,
  "connection-direction": true,
  mark: false,
  connmark: true,
  socket: false,
  "source-type": false,
  "destination-type": false,
  "icmp-type": false,
  comment: false,
  // Its keys say so.
  compare: false,
  // What is not understood may: the nat chains are then consulted, so that what they say of such a rule is not lost.
  unknown: true,
} satisfies Record<Match["kind"], boolean>;
