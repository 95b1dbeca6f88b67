import type { Hook } from "../model/hook.ts";
import { type CompiledBaseChain, type CompiledHooks, runBaseChain } from "./chain.ts";
import { confirmConnection, trackConnection, zonesOf } from "./conntrack.ts";
import { asksNat, type NatSide, natSideOf, noteNatAsked, rewritePacket } from "./nat.ts";
import { noteTemplate, type Packet } from "./packet.ts";
import type { Recorder } from "./recorder.ts";
import { ACCEPT, type Decision, DROP } from "./verdict.ts";

/*
 * The five hooks. At each, whatever is registered there runs by priority: the base chains of all tables, and between them the kernel's own
 * steps, which are connection tracking (-200) and translation (-100 for destinations, 100 for sources):
 *
 *   from a link ─▶ prerouting ─▶ route ─┬─▶ input ─▶ socket
 *                                       └─▶ forward ─▶ postrouting ─▶ link
 *   from a socket ─▶ route ─▶ output ─▶ route again ─▶ postrouting ─┬─▶ link
 *                                                                   └─▶ lo ─▶ prerouting ─▶ input ─▶ socket
 */

/** Finds a packet's route again, after something that routing looks at has changed. False: there is none, and the packet is lost. */
export type RouteAgain = (packet: Packet) => boolean;

/** One thing that happens to a packet at a hook. */
type Step = (packet: Packet, recorder: Recorder | null, routeAgain: RouteAgain) => Decision;

/** What happens at each hook of one family, in order. */
export type HookSteps = Readonly<Record<Hook, readonly Step[]>>;

/** Priorities of the kernel's own steps (include/uapi/linux/netfilter_ipv4.h, `enum nf_ip_hook_priorities`). */
const CONNTRACK = -200;
const TRANSLATION: Readonly<Record<NatSide, number>> = { destination: -100, source: 100 };

/** Gives what happens at each hook where these chains are registered. `trackingOrder` says when conntrack was, as chains count it. */
export function makeHookSteps(chains: CompiledHooks, trackingOrder: number): HookSteps {
  const conntrackStep: PlacedStep = { priority: CONNTRACK, loaded: trackingOrder, step: trackStep };
  return {
    prerouting: orderSteps("prerouting", chains.prerouting, [conntrackStep, natStep("prerouting", chains.prerouting)]),
    input: [...orderSteps("input", chains.input, [natStep("input", chains.input)]), confirm],
    forward: orderSteps("forward", chains.forward, []),
    output: orderSteps("output", chains.output, [conntrackStep, natStep("output", chains.output)]),
    postrouting: [
      ...orderSteps("postrouting", chains.postrouting, [natStep("postrouting", chains.postrouting)]),
      confirm,
    ],
  };
}

/** A step with what decides its place: its priority, then who was registered last. */
interface PlacedStep {
  readonly priority: number;
  readonly loaded: number;
  readonly step: Step;
}

function orderSteps(hook: Hook, chains: readonly CompiledBaseChain[], own: readonly PlacedStep[]): readonly Step[] {
  const filters = chains
    .filter(({ base }) => base.type !== "nat")
    .map(({ base, chain, loaded }) => ({ priority: base.priority, loaded, step: chainStep(hook, base.type, chain) }));
  return [...filters, ...own]
    .toSorted((a, b) => a.priority - b.priority || b.loaded - a.loaded)
    .map(({ step }) => step);
}

/** A chain of type `route` routes a packet again at once if it has given it another mark (nf_route_table_hook4). */
function chainStep(hook: Hook, type: CompiledBaseChain["base"]["type"], chain: CompiledBaseChain["chain"]): Step {
  if (type !== "route") return (packet, recorder) => runBaseChain(hook, chain, packet, recorder);
  return (packet, recorder, routeAgain) => {
    const { mark } = packet;
    const decision = runBaseChain(hook, chain, packet, recorder);
    return decision.kind === "accept" && packet.mark !== mark && !routeAgain(packet) ? DROP : decision;
  };
}

const trackStep: Step = (packet) => {
  const zones = zonesOf(packet);
  packet.template = null;
  if (packet.walk.pod.conntrack[packet.family] === "on") trackConnection(packet, zones);
  return ACCEPT;
};

/**
 * Consults the nat chains for a connection's first packet until one of them translates it, then rewrites the packet as the connection's NAT
 * says. Translation is registered with the first nat chain, and stands where it stands whatever priority that chain names
 * (nf_nat_register_fn in net/netfilter/nf_nat_core.c). A packet from here that has a new destination is routed again; the out interface
 * that rules see stays the one of the first route.
 */
function natStep(hook: Exclude<Hook, "forward">, all: readonly CompiledBaseChain[]): PlacedStep {
  const side = natSideOf(hook);
  const chains = all.filter(({ base }) => base.type === "nat");
  const step: Step = (packet, recorder, routeAgain) => {
    const { destination, entry } = packet;
    const isLate = hook === "prerouting" && packet.in === "lo" && asksNat(packet, side);
    if (!passesNatChains(packet, hook, chains, recorder)) return DROP;
    // Only what was not tracked when the pod sent it: a new destination gives it a route that the kernel may refuse.
    if (isLate && entry?.natDestination === "in-effect")
      packet.walk.oracle.giveUp("a new destination of what the pod sends itself, tracked only as it comes in");
    rewritePacket(packet, side);
    const isElsewhere = hook === "output" && packet.destination !== destination;
    return isElsewhere && !routeAgain(packet) ? DROP : ACCEPT;
  };
  return { priority: TRANSLATION[side], loaded: Math.min(...chains.map(({ loaded }) => loaded)), step };
}

/**
 * Shows a connection's first packet to nat chains, until one has set where the connection goes; a chain that drops it ends it. What gets a
 * template only after connection tracking is translated by it, if nat is asked (nf_nat_inet_fn takes any connection): what comes of that
 * is not known.
 */
function passesNatChains(
  packet: Packet,
  hook: Exclude<Hook, "forward">,
  chains: readonly CompiledBaseChain[],
  recorder: Recorder | null,
): boolean {
  const side = natSideOf(hook);
  const { entry } = packet;
  noteTemplate(packet);
  if (entry === null || !asksNat(packet, side)) return true;
  for (const { chain } of chains) {
    if (runBaseChain(hook, chain, packet, recorder).kind !== "accept") return false;
    if (!asksNat(packet, side)) return true;
  }
  noteNatAsked(entry, side);
  return true;
}

/** A connection that comes through is confirmed (nf_confirm, at the last priority). */
const confirm: Step = (packet) => (confirmConnection(packet) === "passed" ? ACCEPT : DROP);
