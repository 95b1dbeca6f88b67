import { type DemandedLanding, demandedLanding } from "../../contract/demanded-landing.ts";
import { firstConnection } from "../../contract/first-connection.ts";
import { nameListenerAt } from "../../contract/listening.ts";
import { isPodsOwn } from "../../contract/proxy-dial.ts";
import type { Family } from "../../model/address.ts";
import type { Clause, Connection, Contract, Demand, GivenSetting } from "../../model/contract.ts";
import { meetsExpectation, NOT_LEAVE } from "../../model/expectation.ts";
import { type Flow, type FlowProtocol, type Manner, startsInPod } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { dialsOn, findListener, ownsSocket } from "../../model/pod-shape.ts";
import type { SplitPoints } from "../../model/split-points.ts";

/** What a property may look at beside the flow. */
export interface PropertyContext {
  readonly contract: Contract;
  /** What the contract demands of the flow's first connection: every clause asks. */
  readonly demand: Demand;
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
}

/** Where one flow lands, with the stub answering, and with the stub dialling on as the proxy does. */
export interface FlowLandings {
  readonly answer: Landing;
  readonly forward: Landing;
  /** Whether a rule rejects it: who dials cannot tell that from a port at which nobody listens. */
  readonly isRejected: boolean;
}

/** The same, with what is known of how a flow was turned away. */
export type LandedContext = PropertyContext & Pick<FlowLandings, "isRejected">;

/** What a property says of one flow: not its business, as it should be, a designed exception with its reason, or a breach. */
export type PropertyVerdict = "not-concerned" | "holds" | { readonly exception: string } | "fails";

/**
 * A claim over all flows. `judge` must depend on the flow's family, owner, ends and port only through values that the contract, the sandbox
 * or `cuts` name: at those flows are told apart, and one of each class is judged for all.
 */
export interface Property {
  readonly name: string;
  /** What it promises, as one sentence; absent where only its name tells. */
  readonly says?: string;
  /** Further values at which flows of a family are to be told apart. */
  readonly cuts?: (family: Family) => SplitPoints;
  /** The protocols of the flows that it speaks of; those of the contract if left out. */
  readonly protocols?: readonly FlowProtocol[];
  /** The landing that shows whether it holds; without it the stub's answer, or the loop that shows where it dials on. */
  readonly manner?: Manner;
  /** Settings that it is about: each must have some class of flows judged. */
  readonly settings?: readonly GivenSetting[];
  /** Whose flows are the plainest examples of what concerns it: `proxies`, those that a proxy makes itself. */
  readonly examples?: "proxies";
  readonly judge: (flow: Flow, landings: FlowLandings, context: PropertyContext) => PropertyVerdict;
}

const OWN_PORT = "to the proxy's own port, where the listener closes the connection";
const SELF_CALL = "from the proxy to its own pod, which count as inbound by design";
const TPROXY_OVER_LO =
  "that TPROXY takes because it also sees traffic over lo; it does not take what the proxy then dials on loopback";
const CANNOT_DIAL = "that end at the proxy, because the pod lacks the address from which the proxy would dial on";
/** The property that is proven of every contract with a proxy, unless the contract has a name of its own for it. */
const NO_LOOP = "no-loop";

/**
 * Gives the properties that a contract promises: one for each clause, and that what a proxy dials does not come back to it, which is asked
 * first.
 *
 * @example
 * listProperties(capture.contractFor(DEFAULT_ADDRESSES)).map(({ name }) => name)
 * // current Istio: ["no-loop", "exclusions-untouched", "tunnel-open", …, "inbound-captured", "outbound-captured", "rest-untouched"]
 */
export function listProperties({ clauses, loopClause = NO_LOOP }: Contract): readonly Property[] {
  const own = clauses.find(({ name }) => name === loopClause);
  const noLoop: Property = {
    name: loopClause,
    says: own?.says ?? "What a proxy dials does not come back to it.",
    examples: "proxies",
    judge: (flow, landings, context) => {
      const verdict = judgeLoop(flow, landings, context);
      if (own === undefined || verdict === "fails" || typeof verdict === "object") return verdict;
      const demanded = judgeClause(own, flow, landings, context);
      return demanded === "not-concerned" ? verdict : demanded;
    },
  };
  return [
    noLoop,
    ...clauses
      .filter((clause) => clause !== own)
      .map(
        (clause): Property => ({
          name: clause.name,
          says: clause.says,
          settings: settingsOf(clause),
          judge: (flow, landings, context) => judgeClause(clause, flow, landings, context),
        }),
      ),
  ];
}

/** A clause that somebody asked for is one setting as a whole where it does not name several. */
function settingsOf({ name, origin, settings }: Clause): readonly GivenSetting[] {
  if (settings !== undefined) return settings;
  return origin === "given" ? [{ text: `the clause ${name}`, families: [], holds: () => true }] : [];
}

/** A clause concerns the flows that it decides; each must land where the contract demands. */
function judgeClause({ name }: Clause, flow: Flow, landings: FlowLandings, context: PropertyContext): PropertyVerdict {
  const { demand } = context;
  if (demand.must === "unspecified" || demand.clause !== name) return "not-concerned";
  return meetsDemand(demand, flow, landings, context) ? "holds" : "fails";
}

/** Where something is to be kept out, it does not matter how it is turned away. */
function meetsDemand(demand: Demand, flow: Flow, landings: FlowLandings, context: PropertyContext): boolean {
  const { answer } = landings;
  switch (demand.must) {
    case "rejected":
    case "dropped":
      return ["refused", "reset", "timed-out", "unreachable"].includes(answer.kind);
    case "not-leave":
      return meetsExpectation(NOT_LEAVE, answer);
    case "as-dialled":
      return !isTurnedAway(flow, landings) && landsAsDemanded(flow, answer, context);
    case "land-on":
      return landsAsDemanded(flow, answer, context);
    case "unspecified":
      return true;
  }
}

function landsAsDemanded(flow: Flow, answer: Landing, context: PropertyContext): boolean {
  const demanded = landDemanded(flow, context);
  return demanded !== null && meetsExpectation(demanded.landing, answer);
}

/**
 * Says whether rules refuse a flow, or send it to a closed port: in another pod somebody may listen at the port that was dialled, so that
 * its refusal is none of theirs.
 */
function isTurnedAway({ to }: Flow, { answer, isRejected }: FlowLandings): boolean {
  return answer.kind === "refused" && (isRejected || (answer.port !== null && answer.port !== to.port));
}

function landDemanded(flow: Flow, { contract, spec, addresses }: PropertyContext): DemandedLanding | null {
  return demandedLanding(flow, "answer", { contract, shape: spec.shape, addresses, peers: spec });
}

/** A flow of a proxy's must not come back to it; nor may any flow, once the proxy dials on for it, go round for ever. */
function judgeLoop(flow: Flow, { answer, forward }: FlowLandings, context: PropertyContext): PropertyVerdict {
  if (forward.kind === "loop") return "fails";
  if (forward.kind !== "could-not-look") return judgeFirstDial(flow, answer, context);
  const endsAtProxy = forward.code === "cannot-be-dialled" && forward.hops.length > 0;
  return endsAtProxy && judgeFirstDial(flow, answer, context) !== "fails" ? { exception: CANNOT_DIAL } : "fails";
}

function judgeFirstDial(flow: Flow, answer: Landing, context: PropertyContext): PropertyVerdict {
  const { shape } = context.spec;
  const connection = firstConnection(flow, shape);
  const isOwn = isPodsOwn(flow.to.address, { shape, addresses: context.addresses });
  const isPassThrough = flow.from.address === shape.passThrough[flow.family];
  const isProxys = startsInPod(flow) && shape.proxies.some((proxy) => ownsSocket(proxy, connection.owner));
  const concerns = isProxys || (startsInPod(flow) && isPassThrough && isOwn);
  if (!concerns || !isTakenByProxy(answer, context)) return concerns ? "holds" : "not-concerned";
  if (isOwn && isProxyPort(connection, context)) return { exception: OWN_PORT };
  if (isOwn && !isPassThrough) return { exception: SELF_CALL };
  const { demand } = context;
  if (demand.must === "unspecified" && demand.mayReturn !== undefined) return { exception: demand.mayReturn };
  return isDesigned(flow, answer, context) ? { exception: TPROXY_OVER_LO } : "fails";
}

function isTakenByProxy({ host, listener }: Landing, { spec }: PropertyContext): boolean {
  const taker = host === "pod" ? findListener(spec.shape, listener) : undefined;
  return taker !== undefined && dialsOn(taker);
}

function isProxyPort({ port }: Connection, { spec }: PropertyContext): boolean {
  return spec.shape.listeners.some((listener) => dialsOn(listener) && listener.port === port);
}

/** TPROXY is meant to see what comes over lo as well, and the proxy's next dial, to loopback, ends the way. */
function isDesigned(flow: Flow, answer: Landing, context: PropertyContext): boolean {
  const taker = findListener(context.spec.shape, answer.listener);
  return taker?.mode === "transparent" && landDemanded(flow, context)?.landing.listener === answer.listener;
}

/** Says whether what was dialled is what accepted, or refused where nobody listens: elsewhere somebody does on every port. */
export function isAsDialled(landing: Landing, flow: Flow, context: LandedContext): boolean {
  const { kind, port, originalDestination, hops } = landing;
  if (kind === "replied") return landing.address === flow.to.address;
  const isPlain = kind === "listener" || (kind === "refused" && !context.isRejected && isClosed(flow, context));
  return isPlain && hops.length === 0 && originalDestination === null && port === flow.to.port;
}

function isClosed({ to, protocol }: Flow, { spec, addresses }: PropertyContext): boolean {
  const isOwn = isPodsOwn(to.address, { shape: spec.shape, addresses });
  return isOwn && nameListenerAt(to.port, to.address, { protocol }, { shape: spec.shape, peers: spec }) === null;
}
