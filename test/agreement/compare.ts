import { release } from "node:os";
import { parseEndpoint } from "../../harness/model/address.ts";
import type { Flow, Manner } from "../../harness/model/flow.ts";
import { isSilent, type Landing, landingsAgree } from "../../harness/model/landing.ts";
import type { Verdict } from "../../harness/model/trace.ts";
import type { Assumptions } from "../../harness/netfilter/oracle.ts";
import { compilePod, type Simulator } from "../../harness/netfilter/simulator.ts";
import { listSteps } from "../../harness/netfilter/steps.ts";
import type { FlowRequest, Sandbox } from "../../harness/sandbox/sandbox.ts";
import type { AgreementCase } from "./agreement-case.ts";

/** One flow that simulator and kernel land differently. */
export interface Disagreement {
  readonly request: FlowRequest;
  readonly predicted: Landing;
  /** The prediction, or all that is possible where the simulator does not know; empty where it cannot say what that is. */
  readonly possible: readonly Landing[];
  readonly observed: Landing;
}

/** What comparing a case gave. */
export interface Comparison {
  readonly compared: number;
  /** Flows whose landing the simulator says it does not know; one that lands where it says none can is a disagreement all the same. */
  readonly unknown: number;
  /** Flows of which the sandbox saw no landing, those aside that {@link describe} makes out all the same. */
  readonly blind: number;
  /** Flows driven again because they had timed out against the prediction; see {@link compareCase}. */
  readonly repeated: number;
  /** Flows of which some packet met a rule that decided what becomes of it: it was let go, stopped, or translated. */
  readonly decided: number;
  /** Flows that land elsewhere than they would without rules, chains or policies. */
  readonly elsewhere: number;
  readonly disagreements: readonly Disagreement[];
  /** Every flow that was driven, as it landed first or, where it was driven again, then. */
  readonly rows: readonly Disagreement[];
}

/** What a rule decides, rather than lets through to the next one. */
const DECISIONS: readonly (Verdict | null)[] = ["accept", "drop", "redirect", "dnat", "snat", "tproxy", "reject"];

const IN_FLIGHT = 128;

/**
 * What is known of the sandbox that flows are driven in, and not of every other one: upstream is a router there, and Linux 6.16 or newer
 * does not look a reverse path up in input where it need not.
 */
export const SANDBOX: Assumptions = new Map([
  ["whether a router stands between client and pod", "holds"],
  ["whether the kernel looks the reverse path up in input", hasNewerKernel() ? "fails" : "holds"],
]);

/** Says whether this machine runs Linux 6.16 or newer. */
function hasNewerKernel(): boolean {
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 16);
}

/**
 * Puts a case into a sandbox, drives its flows, and compares every landing with the simulator's.
 *
 * A flow that timed out, or whose landing the sandbox could not see, although it should not have is driven once more, alone: an ICMP error
 * that comes while its socket is busy is lost (`sock_owned_by_user` in tcp_v4_err), and a busy machine may miss the next one within the
 * harness's time. Only if it ends so again do the two disagree.
 */
export async function compareCase({ spec, rules, requests }: AgreementCase, sandbox: Sandbox): Promise<Comparison> {
  const simulator = compilePod(rules, spec, sandbox.addresses).assuming(SANDBOX);
  const bare = compilePod({ ...rules, ip: null, ip6: null }, spec, sandbox.addresses);
  await sandbox.enter(spec);
  await sandbox.install({ kind: "rules", rules });
  try {
    const rows = await driveRows(requests, simulator, sandbox, IN_FLIGHT);
    const known = rows.filter(({ predicted }) => !isUnknown(predicted));
    const [timedOut, others] = partition(rows.filter(disagree), ({ observed }) => isSlow(observed));
    const again = await driveRows(
      timedOut.map(({ request }) => request),
      simulator,
      sandbox,
      1,
    );
    return {
      compared: known.length,
      unknown: rows.length - known.length,
      blind: [...known.filter((row) => !timedOut.includes(row)), ...again].filter(({ observed }) => isBlind(observed))
        .length,
      repeated: again.length,
      decided: known.filter(({ request: { flow, manner } }) => isDecided(simulator, flow, manner)).length,
      elsewhere: known.filter(
        ({ request: { flow, manner }, predicted }) => describe(bare.land(flow, manner)) !== describe(predicted),
      ).length,
      disagreements: [...others, ...again.filter(disagree)],
      rows: [...rows.filter((row) => !timedOut.includes(row)), ...again],
    };
  } finally {
    await sandbox.clear();
  }
}

async function driveRows(
  requests: readonly FlowRequest[],
  simulator: Simulator,
  sandbox: Sandbox,
  inFlight: number,
): Promise<readonly Disagreement[]> {
  const seen = await sandbox.drive(requests, { inFlight });
  return requests.map((request, i) => {
    const { flow, manner } = request;
    const predicted = simulator.land(flow, manner);
    const { possible } = isUnknown(predicted) ? simulator.explain(flow, manner, () => "") : { possible: [predicted] };
    return { request, predicted, possible, observed: seen[i]?.landing ?? missing() };
  });
}

/** What a busy machine makes of a flow: silence, or something that the two ends could not tell each other in time. */
function isSlow(observed: Landing): boolean {
  return isSilent(observed) || isBlind(observed);
}

/** Says whether the sandbox did not see where a flow landed. */
export function isBlind(observed: Landing): boolean {
  return describe(observed).startsWith("could-not-look");
}

/** Says whether some packet of a flow meets a rule that decides what becomes of it. */
export function isDecided(simulator: Simulator, flow: Flow, manner: Manner): boolean {
  const { connections } = simulator.explain(flow, manner, () => "");
  return listSteps(connections).some(({ matched, verdict }) => matched === true && DECISIONS.includes(verdict));
}

/** Says whether a prediction is that the landing depends on something unknown. */
export function isUnknown({ cause }: Landing): boolean {
  return cause?.includes("depends on") ?? false;
}

function disagree({ possible, observed }: Disagreement): boolean {
  return possible.length > 0 && possible.every((one) => describe(settleSource(one, observed)) !== describe(observed));
}

/** Where the kernel chooses the source from a range, any of the range is what was predicted. */
function settleSource(predicted: Landing, observed: Landing): Landing {
  const isRange = predicted.source?.includes("-") ?? false;
  return isRange && landingsAgree(predicted, observed) ? { ...predicted, source: observed.source } : predicted;
}

function partition<T>(items: readonly T[], holds: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}

/**
 * Gives everything of a landing that both can know, in one line: not the port of a source, nor that of a refusal.
 *
 * Where rules reset what follows the handshake, the sandbox says `could-not-look`, since its two ends cannot confirm each other. What the
 * end that dialled has seen is then what is compared: a reset.
 */
export function describe(landing: Landing): string {
  const { kind, listener, address, port, originalDestination, source } = landing;
  const via = landing.hops.map((hop) => `${hop.listener}:${hop.port}<-${hop.originalDestination}`).join(" ");
  if (kind === "could-not-look") return describeBlind(landing.cause ?? "", via);
  if (kind === "replied")
    return `${kind} by ${landing.host} at ${address} from ${parseEndpoint(source ?? "")?.address}`;
  if (kind !== "listener") return `${kind} via ${via}${describeReply(landing)}`;
  return `${listener} ${address}:${port}<-${originalDestination} from ${parseEndpoint(source ?? "")?.address} via ${via}`;
}

function describeBlind(cause: string, via: string): string {
  if (cause.startsWith("the caller saw [] (reset)")) return "reset via ";
  if (/no socket can be bound|nothing can be dialled|EADDRNOTAVAIL|EINVAL/.test(cause))
    return `impossible source via ${via}`;
  return `could-not-look ${cause}`;
}

function missing(): Landing {
  throw new Error("the sandbox gave fewer landings than flows were driven");
}

/** Where an answer came from that was not the one dialled; the port only where it is not the kernel's choice. */
function describeReply({ replyFrom }: Landing): string {
  return replyFrom === undefined ? "" : ` reply from ${parseEndpoint(replyFrom)?.address}`;
}
