import { listenerPort } from "../contract/expected-landing.ts";
import type { Capture } from "../model/capture.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import type { FlowSpec, Manner } from "../model/flow.ts";
import { nameWho, renderFlowText } from "../model/flow-spec.ts";
import type { LandingSpec } from "../model/landing.ts";
import { addressOwner, DEFAULT_ADDRESSES, hostOfActor, isLoopback, PASS_THROUGH_IPV6 } from "../model/pod.ts";
import { USUAL_ACTORS } from "../model/pod-names.ts";
import { forwards, type ListenerShape } from "../model/pod-shape.ts";

/**
 * Gives what no sandbox could give of a flow: a source that the actor's host does not have, a vm without an interface for it. From outside
 * every address may be a source that no other host has. Where the settings are not known, what depends on it is not looked at.
 */
export function findFlowFaults(spec: FlowSpec, manner: Manner, capture: Capture | null): readonly Finding[] {
  const { source, family, protocol } = spec;
  const [actor, text] = [nameWho(spec), renderFlowText(spec)];
  const findings: Finding[] = [];
  const own = DEFAULT_ADDRESSES[hostOfActor(actor)][family];
  const refuse = (message: string) => findings.push(codedFinding("undrivable-flow", "", `"${text}" ${message}`));
  const isOthers = source !== null && !isLoopback(source) && source !== own && !isFromOutside(actor, source);
  if (isOthers && !mayBorrow(spec, capture))
    refuse(`has the source ${source}, which its host does not have; use ${own} or a loopback address.`);
  const isPassedOn = capture === null || capture.shape.listeners.some(passesDatagramsOn);
  if (protocol === "udp" && manner === "forward" && !isPassedOn)
    refuse("is a datagram, which no listener of this pod forwards; move it to answer.");
  if (protocol === "icmp" && manner === "forward")
    refuse("is an ICMP echo, which no proxy forwards; move it to answer.");
  if (source === PASS_THROUGH_IPV6 && capture !== null && capture.shape.passThrough[6] === null)
    refuse('has the source ::6, which only an IPv6 pod has; write pod: "ipv6".');
  return [...findings, ...findLinkFaults(spec, capture)];
}

function passesDatagramsOn(listener: ListenerShape): boolean {
  return listener.protocols.includes("udp") && forwards(listener);
}

/**
 * A process of the pod that may mark its sockets may also give them addresses of others (IP_TRANSPARENT in ip(7): both need CAP_NET_ADMIN),
 * as ztunnel does that reaches the app from its client's address. Such flows are driven inside the pod alone.
 */
function mayBorrow(spec: FlowSpec, capture: Capture | null): boolean {
  const name = nameWho(spec);
  if (hostOfActor(name) !== "pod" || spec.target !== "pod" || spec.protocol !== "tcp") return false;
  if (spec.mark !== 0) return true;
  if (capture === null) return spec.actor !== null && !USUAL_ACTORS.includes(spec.actor);
  return capture.shape.proxies.some((proxy) => proxy.name === name && proxy.runsAs.mark !== 0);
}

/** Gives the fault of a flow from a virtual machine that no interface leads to. */
export function findLinkFaults(spec: FlowSpec, capture: Capture | null): readonly Finding[] {
  if (nameWho(spec) !== "vm" || capture === null || capture.shape.links.length > 0) return [];
  const message = `"${renderFlowText(spec)}" starts from vm, which exists only with -k; add -k with an interface.`;
  return [codedFinding("undrivable-flow", "", message)];
}

/** Upstream has every address that no other host has; a client with one is upstream under another name. */
function isFromOutside(actor: string, source: string): boolean {
  return (actor === "upstream" || actor === "client") && addressOwner(source, DEFAULT_ADDRESSES) === "upstream";
}

/** Gives the fault of a landing at a port where its listener is not under this config: whatever the rules are, nothing lands there. */
export function findPortFaults(
  flowText: string,
  { listener, port }: LandingSpec,
  capture: Capture,
): readonly Finding[] {
  const own = listener === null || port === null ? port : listenerPort(listener, port, capture);
  if (own === port) return [];
  const message = `${listener} is on ${own} under these settings, not on ${port}; write ${listener}:${own}, or ${listener}.`;
  return [codedFinding("undrivable-flow", `"${flowText}"`, message)];
}
