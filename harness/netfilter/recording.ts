import type { Family } from "../model/address.ts";
import type { Hook } from "../model/hook.ts";
import { type Match, TCP_FLAG_BITS } from "../model/match.ts";
import { listMatches } from "../model/rule-parts.ts";
import { handlePlace, type TablePlace, tablePlace } from "../model/rule-place.ts";
import type { Rule } from "../model/ruleset.ts";
import type { TraceStep, Verdict } from "../model/trace.ts";
import type { CompiledRule } from "./compiled-chain.ts";
import { renderEnd } from "./entry.ts";
import type { Assumptions } from "./oracle.ts";
import type { Packet } from "./packet.ts";
import { passSteps } from "./passed-step.ts";
import type { Recorder } from "./recorder.ts";
import { describeMismatch } from "./why.ts";

/** Gives a rule's text as `iptables -S` prints it, its chain included: `-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN`. */
export type RenderRule = (chain: string, rule: Rule) => string;

/** A built-in chain that a packet came out of undecided, so that its policy held. */
export interface PolicyStep extends TablePlace {
  readonly hook: Hook;
  readonly chain: string;
  readonly verdict: "accept" | "drop";
}

/** A packet's ends from one step on: `step` is how many it had met before. Ends are `address:port`, 0 where the kernel chooses the port. */
export interface TracedEnds {
  readonly step: number;
  readonly source: string;
  readonly destination: string;
}

/** One packet's way through the pod: every rule and policy that it met, in order. */
export interface PacketTrace {
  readonly family: Family;
  readonly packet:
    | "SYN"
    | "SYN-ACK"
    | "ACK"
    | "data"
    | "RST"
    | "datagram"
    | "ICMP error"
    | "echo request"
    | "echo reply";
  /** Ends as the packet named them when it met its first rule. */
  readonly source: string;
  readonly destination: string;
  readonly steps: readonly TraceStep[];
  readonly policies: readonly PolicyStep[];
  /** Its ends as it met the first step, and again wherever they had been rewritten. */
  readonly ends: readonly TracedEnds[];
}

/** A recorder that keeps everything it is told, by packet. */
export interface Recording {
  readonly recorder: Recorder;
  /** Gives the packets that met a rule or policy, in the order in which they did. */
  readonly list: () => readonly PacketTrace[];
}

/**
 * What a recording keeps: all that a packet met, or the rules that matched and policies that drop, which takes a fraction of the time.
 * `rules to be read` are all of them, of which only a few are looked at: the words of those that were not tried are made when somebody asks
 * for them, and these steps are not to be copied.
 */
export type KeptSteps = "every rule" | "rules to be read" | "matching rules";

/**
 * Starts a recording of what packets meet; `renderRule` gives the text of a rule in each step. Of `matching rules` it keeps the packets and
 * their steps and the policies that drop, not how ends were rewritten.
 *
 * @example
 * const { recorder, list } = startRecording((chain, rule) => renderRule(chain, rule, 4), new Map(), "every rule");
 * simulator.watch(flow, "answer", recorder);
 * list()   // [{ family: 4, packet: "SYN", source: "10.244.0.2:0", destination: "10.244.0.4:80", steps: […], policies: […], ends: […] }]
 */
export function startRecording(renderRule: RenderRule, assumed: Assumptions, kept: KeptSteps): Recording {
  const traces = new Map<Packet, PacketTrace & { steps: TraceStep[]; policies: PolicyStep[]; ends: TracedEnds[] }>();
  const traceOf = (packet: Packet) => {
    const trace = traces.get(packet) ?? { ...describePacket(packet), steps: [], policies: [], ends: [] };
    traces.set(packet, trace);
    if (kept !== "matching rules") noteEnds(trace, packet);
    return trace;
  };
  const recorder: Recorder = {
    passOver:
      kept === "matching rules"
        ? null
        : (hook, rule, packet, failed) =>
            void traceOf(packet).steps.push(missedStep({ hook, rule, packet, renderRule, assumed }, failed)),
    ...(kept === "rules to be read"
      ? {
          passBy: (hook, rules, packet) => {
            const { steps } = traceOf(packet);
            for (const step of passSteps([hook, rules, packet], renderRule)) steps.push(step);
          },
        }
      : {}),
    take: (hook, rule, packet, verdict) =>
      void traceOf(packet).steps.push(matchedStep({ hook, rule, packet, renderRule, assumed }, verdict)),
    policy: (hook, { table, name, policy }, packet) => {
      const { policies } = traceOf(packet);
      // What a policy drops no rule decides.
      if (kept === "matching rules" && policy.kind !== "drop") return;
      policies.push({ hook, ...tablePlace(table), chain: name, verdict: policy.kind === "drop" ? "drop" : "accept" });
    },
  };
  const list = () =>
    [...traces].map(([packet, trace]) => {
      // What the last step has changed shows only now.
      if (kept !== "matching rules") noteEnds(trace, packet);
      return trace;
    });
  return { recorder, list };
}

/** Adds the ends that a packet has now, where they are not the last noted. */
function noteEnds({ steps, ends }: { readonly steps: readonly TraceStep[]; ends: TracedEnds[] }, packet: Packet): void {
  const source = renderEnd({ address: packet.source, port: packet.sourcePort });
  const destination = renderEnd({ address: packet.destination, port: packet.destinationPort });
  const last = ends.at(-1);
  if (last?.source === source && last.destination === destination) return;
  ends.push({ step: steps.length, source, destination });
}

/** A rule that a packet meets, and how it is told. */
interface MetRule {
  readonly hook: Hook;
  readonly rule: CompiledRule;
  readonly packet: Packet;
  readonly renderRule: RenderRule;
  readonly assumed: Assumptions;
}

function missedStep(met: MetRule, failed: Match | undefined): TraceStep {
  const isUnknown = failed?.kind === "unknown" && !met.assumed.has(failed.text);
  return {
    ...placeOf(met),
    matched: isUnknown ? "unknown" : false,
    verdict: isUnknown ? "unknown" : null,
    why: describeMismatch(failed, met.packet),
  };
}

function matchedStep(met: MetRule, verdict: Verdict): TraceStep {
  const guessed = listMatches(met.rule.rule).find((match) => match.kind === "unknown" && !met.assumed.has(match.text));
  return {
    ...placeOf(met),
    matched: guessed ? "unknown" : true,
    verdict,
    why: guessed?.kind === "unknown" ? `followed as if ${guessed.text} held` : null,
  };
}

function placeOf({ hook, rule: { table, chain, index, rule }, packet, renderRule }: MetRule) {
  return {
    hook,
    family: packet.family,
    ...tablePlace(table),
    chain,
    index,
    ...handlePlace(rule),
    rule: renderRule(chain, rule),
  };
}

function describePacket(packet: Packet): Pick<PacketTrace, "family" | "packet" | "source" | "destination"> {
  return {
    family: packet.family,
    packet: namePacket(packet),
    source: packet.source.text,
    destination: packet.destination.text,
  };
}

function namePacket({ error, flags, protocol, purpose }: Packet): PacketTrace["packet"] {
  if (error !== null) return "ICMP error";
  if (protocol === "udp") return "datagram";
  if (protocol !== "tcp") return purpose === "answer" ? "echo reply" : "echo request";
  const has = (flag: keyof typeof TCP_FLAG_BITS) => (flags & TCP_FLAG_BITS[flag]) !== 0;
  if (has("RST")) return "RST";
  if (has("SYN")) return has("ACK") ? "SYN-ACK" : "SYN";
  return has("PSH") ? "data" : "ACK";
}
