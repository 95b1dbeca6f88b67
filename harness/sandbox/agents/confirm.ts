import type { Dial, DialResult, Seen } from "../../agent/protocol.ts";
import type { FlowProtocol } from "../../model/flow.ts";
import { type Hop, type Landing, makeBlind } from "../../model/landing.ts";
import { MAX_HOPS } from "../../model/pod.ts";

/**
 * A listener answers as soon as it has read a request, and the kernel sends a lost answer again within this time: one that was sent so long
 * before the dialling end gave up, and has not come, is lost for good. One sent later may only have been late.
 */
const ANSWER_GRACE_MS = 500;

/**
 * Gives a flow's landing if both ends tell the same of it: what the dialling end got for an answer, and what the listeners recorded under
 * the flow's token. Every hop and the final listener must be recorded, each once and in its turn, and nothing beside them; a landing that
 * is no listener has records of its hops alone. `unanswered` may also have that of the listener whose answer was lost, and must have it
 * where the far end took the request: a listener that has not even read it is stuck. Otherwise `could-not-look` with the difference: an
 * answer nobody gave, or a listener that was reached although the caller was told something else, is the harness's own failure.
 * Of a datagram that nothing answered, the listeners' records say whether it arrived: then the flow is `unanswered`.
 */
export function confirmLanding(
  { landing: answered, endedAtMs }: DialResult,
  records: readonly Seen[],
  protocol: FlowProtocol = "tcp",
): Landing {
  if (answered.kind === "could-not-look") return answered;
  const ordered = records.toSorted((a, b) => a.hopsBefore - b.hopsBefore);
  if (answered.kind === "replied") return confirmReply(answered, records);
  if (protocol !== "tcp" && answered.kind === "timed-out") return confirmLostDatagram(answered, ordered, endedAtMs);
  const blindness = ordered.slice(0, passagesOf(answered).length).find((record) => record.blindness)?.blindness;
  if (blindness !== undefined) return makeBlind("socket-failed", blindness);
  const landing = protocol === "udp" ? completeDialled(answered, ordered) : answered;
  const recorded = ordered.map(renderRecord);
  if (landing.kind === "unanswered") return confirmSilence(landing, ordered, endedAtMs);
  const told = passagesOf(landing);
  if (told.length === recorded.length && told.every((passage, i) => passage === recorded[i])) return landing;
  const cause = `the caller saw [${told.join(", ")}] (${landing.kind}), but the listeners recorded [${recorded.join(", ")}]`;
  return makeBlind("ends-disagree", cause);
}

/** Who replied to an echo request is the one host whose kernel got it: there a raw socket saw it come. */
function confirmReply(landing: Landing, records: readonly Seen[]): Landing {
  const [record, ...others] = records;
  if (record !== undefined && others.length === 0)
    return { ...landing, host: record.host, address: record.address, source: record.source };
  const hosts = records.map(({ host }) => host).join(", ");
  return makeBlind("ends-disagree", `an echo reply came, but the hosts that saw the request are [${hosts}]`);
}

/** A datagram is answered before its listener knows what had been dialled: of that only the listeners' records speak. */
function completeDialled(landing: Landing, records: readonly Seen[]): Landing {
  const dialledAt = (hop: number) => records[hop]?.originalDestination ?? null;
  const hops = landing.hops.map((hop, i) => ({ ...hop, originalDestination: dialledAt(i) }));
  const isInPod = landing.kind === "listener" && landing.host === "pod";
  return { ...landing, hops, ...(isInPod ? { originalDestination: dialledAt(hops.length) } : {}) };
}

/**
 * An answer that came from elsewhere was somebody's: where no listener has a record of it, the harness has missed one. Behind the hops that
 * the landing tells, one listener more may have taken the datagram, and passed it on: what it made of it nobody heard. Eight passages are a
 * loop, whoever heard of it.
 */
function confirmLostDatagram(landing: Landing, records: readonly Seen[], endedAtMs: number): Landing {
  const isInTurn = records.every(({ hopsBefore }, i) => hopsBefore === i);
  const isTold = landing.hops.every(
    ({ listener, port }, i) => records[i]?.listener === listener && records[i]?.port === port,
  );
  if (!isInTurn || !isTold) {
    const cause = `one datagram was sent, but the listeners recorded [${records.map(renderRecord).join(", ")}]`;
    return makeBlind("ends-disagree", cause);
  }
  const { replyFrom: _, ...plain } = landing;
  if (records.length >= MAX_HOPS) return completeDialled({ ...plain, kind: "loop", hops: records.map(toHop) }, records);
  const known = completeDialled(landing, records);
  const record = records[landing.hops.length];
  if (record === undefined && landing.replyFrom === undefined) return known;
  if (record !== undefined && (endedAtMs - record.atMs >= ANSWER_GRACE_MS || landing.replyFrom !== undefined))
    return { ...known, kind: "unanswered", host: record.host };
  const cause = record
    ? "the listener read the datagram too late for its answer to arrive"
    : "no listener gave the answer";
  return makeBlind("ends-disagree", cause);
}

function toHop({ listener, port, originalDestination }: Seen): Hop {
  return { listener, port, originalDestination };
}

function confirmSilence(landing: Landing, records: readonly Seen[], endedAtMs: number): Landing {
  const { cause: request, ...silence } = landing;
  const hops = passagesOf(landing);
  const recorded = records.map(renderRecord);
  const last = records[hops.length];
  const isLate = last !== undefined && endedAtMs - last.atMs < ANSWER_GRACE_MS;
  const areHopsRecorded = hops.every((hop, i) => hop === recorded[i]) && recorded.length <= hops.length + 1;
  if (areHopsRecorded && !isLate && (last !== undefined || request === "not-delivered")) return silence;
  const why = isLate
    ? "the listener read it too late for its answer to arrive"
    : `the listeners recorded [${recorded.join(", ")}]`;
  const cause = `the connection was made, but nothing answered; the request was ${request}, and ${why}`;
  return makeBlind("ends-disagree", cause, landing.hops);
}

/**
 * Gives every listener a landing says the flow has met, in order: `0 envoy-inbound:15006 <- 10.244.0.2:8080`.
 * What had been dialled a listener on another host does not know: its record says nothing of it.
 */
function passagesOf(landing: Landing): readonly string[] {
  const { host, listener, port } = landing;
  const originalDestination = host === "pod" ? landing.originalDestination : null;
  const last = landing.kind === "listener" ? [{ listener, port, originalDestination }] : [];
  return [...landing.hops, ...last].map((passage, i) => renderPassage(i, passage));
}

function renderRecord(record: Seen): string {
  return renderPassage(record.hopsBefore, record);
}

function renderPassage(
  hopsBefore: number,
  passage: Pick<Landing, "listener" | "port" | "originalDestination">,
): string {
  return `${hopsBefore} ${passage.listener}:${passage.port} <- ${passage.originalDestination ?? "as dialled"}`;
}

/**
 * Whether a dial's landing needs no other word: a listener that has recorded what the caller was told leaves nothing to wait for; anything
 * else needs every listener's word.
 */
export function isConfirmed(dial: Dial, result: DialResult | undefined, records: readonly Seen[]): boolean {
  if (result?.landing.kind !== "listener" && result?.landing.kind !== "replied") return false;
  return confirmLanding(result, records, dial.protocol).kind === result.landing.kind;
}
