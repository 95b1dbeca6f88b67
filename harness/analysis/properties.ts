import { intendedLanding } from "../capture/intent.ts";
import { listHolds, rangesHold } from "../capture/intent-lists.ts";
import { isProxyOwner, SSH_PORT } from "../capture/interception.ts";
import type { Family } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { type Flow, type Manner, startsInPod } from "../model/flow.ts";
import type { Landing } from "../model/landing.ts";
import {
  isLoopback,
  loopbackAddress,
  PASS_THROUGH_ADDRESS,
  type PodSpec,
  type SandboxAddresses,
  STATUS_PORT,
} from "../model/pod.ts";
import type { SplitPoints } from "../model/split-points.ts";
import { includeSetting, listExclusions, type PropertySetting } from "./property-settings.ts";

/** What a property may look at beside the flow. */
export interface PropertyContext {
  readonly config: CaptureConfig;
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
}

/** Where one flow lands, with the stub answering, and with the stub dialling on as Envoy does. */
export interface FlowLandings {
  readonly answer: Landing;
  readonly forward: Landing;
}

/** What a property says of one flow: not its business, as it should be, a designed exception with its reason, or a breach. */
export type PropertyVerdict = "not-concerned" | "holds" | { readonly exception: string } | "fails";

/**
 * A claim over all flows. `judge` must depend on the flow's family, owner, ends and port only through values that the config, the sandbox
 * or `cuts` name: at those flows are told apart, and one of each class is judged for all.
 */
export interface Property {
  readonly name: string;
  /** Further values at which flows of a family are to be told apart. */
  readonly cuts?: (family: Family) => SplitPoints;
  /** The landing that shows whether it holds; without it the stub's answer, or the loop that shows where it dials on. */
  readonly manner?: Manner;
  /** Settings of a config that it is about: each that is given must have some class of flows judged. */
  readonly settings?: (config: CaptureConfig) => readonly PropertySetting[];
  readonly judge: (flow: Flow, landings: FlowLandings, context: PropertyContext) => PropertyVerdict;
}

const OWN_PORT = "dialled at the proxy's own port, where its listeners close the connection";
const SELF_CALL = "the proxy's designed call to its own pod, which comes in as inbound traffic does";

const TPROXY_OVER_LO =
  "taken by TPROXY, which sees what comes over lo as well; what the proxy dials next, at loopback, it lets pass";

/** The properties that every capture config promises. */
export const PROPERTIES: readonly Property[] = [
  { name: "no-uid-loop", judge: judgeLoop },
  {
    name: "inbound-captured",
    settings: ({ inboundPortsInclude }) => includeSetting("-b", inboundPortsInclude),
    judge: judgeInbound,
  },
  {
    name: "outbound-captured",
    settings: ({ outboundIpRangesInclude }) => includeSetting("-i", outboundIpRangesInclude),
    judge: judgeOutbound,
  },
  { name: "exclusions-untouched", settings: listExclusions, judge: judgeExclusions },
  { name: "loopback-untouched", judge: judgeLoopback },
];

function isProxy({ listener }: Landing): boolean {
  return listener === "envoy-outbound" || listener === "envoy-inbound";
}

function isOwnAddress({ to, family }: Flow, { addresses }: PropertyContext): boolean {
  return to.address === addresses.pod[family] || isLoopback(to.address) || to.address === PASS_THROUGH_ADDRESS[family];
}

function isOwnPort({ to }: Flow, { spec }: PropertyContext): boolean {
  return to.port === spec.proxyPort || to.port === spec.inboundCapturePort;
}

/** A flow of the proxy's must not come back to it; nor may any flow, once the stub dials on for it, go round for ever. */
function judgeLoop(flow: Flow, { answer, forward }: FlowLandings, context: PropertyContext): PropertyVerdict {
  if (forward.kind === "loop" || forward.kind === "could-not-look") return "fails";
  const isPassThrough = flow.from.address === PASS_THROUGH_ADDRESS[flow.family];
  const isProxys = startsInPod(flow) && isProxyOwner(context.config, flow.from);
  const concerns = isProxys || (startsInPod(flow) && isPassThrough && isOwnAddress(flow, context));
  if (!concerns || !isProxy(answer)) return concerns ? "holds" : "not-concerned";
  if (isOwnAddress(flow, context) && isOwnPort(flow, context)) return { exception: OWN_PORT };
  if (isOwnAddress(flow, context) && !isPassThrough) return { exception: SELF_CALL };
  return isSeenByTproxy(flow, answer, context) ? { exception: TPROXY_OVER_LO } : "fails";
}

/** TPROXY is meant to see what comes over lo as well, and the stub's next dial, to loopback, ends the way. */
function isSeenByTproxy(flow: Flow, answer: Landing, context: PropertyContext): boolean {
  return context.config.interceptionMode === "TPROXY" && demanded(flow, context).listener === answer.listener;
}

function demanded(flow: Flow, { config, addresses, spec }: PropertyContext): Landing {
  return intendedLanding(config, flow, "answer", addresses, spec);
}

function landsWhereDemanded(flow: Flow, answer: Landing, context: PropertyContext): PropertyVerdict {
  const wanted = demanded(flow, context);
  if (!isProxy(wanted) || isOwnPort(flow, context)) return "not-concerned";
  return answer.kind === "listener" && answer.listener === wanted.listener && answer.port === wanted.port
    ? "holds"
    : "fails";
}

/** A pod that is no IPv6 pod has no proxy for inbound IPv6: there the guard has to turn it away. */
function judgeInbound(flow: Flow, { answer }: FlowLandings, context: PropertyContext): PropertyVerdict {
  const isInbound =
    ["client", "upstream"].includes(flow.from.actor) && flow.to.address === context.addresses.pod[flow.family];
  if (!isInbound) return "not-concerned";
  if (flow.family === 4 || isIpv6Pod(context.config)) return landsWhereDemanded(flow, answer, context);
  return ["refused", "reset", "timed-out", "unreachable"].includes(answer.kind) ? "holds" : "fails";
}

function judgeOutbound(flow: Flow, { answer }: FlowLandings, context: PropertyContext): PropertyVerdict {
  const isOutbound = startsInPod(flow) && !isProxyOwner(context.config, flow.from) && !isOwnAddress(flow, context);
  return isOutbound && !isLoopback(flow.from.address) ? landsWhereDemanded(flow, answer, context) : "not-concerned";
}

/** Says whether what was dialled is what accepted, or refused where nobody listens: elsewhere somebody does on every port. */
export function isAsDialled(landing: Landing, flow: Flow, context: PropertyContext): boolean {
  const { kind, port, originalDestination, hops } = landing;
  const isPlain = kind === "listener" || (kind === "refused" && isClosed(flow, context));
  return isPlain && hops.length === 0 && originalDestination === null && port === flow.to.port;
}

function isClosed(flow: Flow, context: PropertyContext): boolean {
  const { proxyPort, inboundCapturePort, listen } = context.spec;
  const open = [proxyPort, inboundCapturePort, STATUS_PORT, ...listen];
  return isOwnAddress(flow, context) && !open.includes(flow.to.port);
}

function judgeExclusions(flow: Flow, { answer }: FlowLandings, context: PropertyContext): PropertyVerdict {
  const { config, addresses } = context;
  const { family, to } = flow;
  const fromOutside = ["client", "upstream"].includes(flow.from.actor) && to.address === addresses.pod[family];
  const inbound = fromOutside && (listHolds(config.inboundPortsExclude, to.port) || to.port === SSH_PORT);
  const isOutbound = startsInPod(flow) && !isOwnAddress(flow, context) && !isLoopback(flow.from.address);
  const excluded =
    listHolds(config.outboundPortsExclude, to.port) || rangesHold(config.outboundIpRangesExclude, to.address, family);
  if (!(inbound || (isOutbound && excluded)) || !isAsDialled(demanded(flow, context), flow, context))
    return "not-concerned";
  return isAsDialled(answer, flow, context) ? "holds" : "fails";
}

function judgeLoopback(flow: Flow, { answer }: FlowLandings, context: PropertyContext): PropertyVerdict {
  const concerns = startsInPod(flow) && flow.to.address === loopbackAddress(flow.family) && !isOwnPort(flow, context);
  if (!concerns) return "not-concerned";
  return isAsDialled(answer, flow, context) ? "holds" : "fails";
}
