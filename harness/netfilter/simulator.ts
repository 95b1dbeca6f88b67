import type { Manner, ResolvedFlow } from "../model/flow.ts";
import { type Landing, makeBlind, renderLandingKey } from "../model/landing.ts";
import type { Owner, PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { PodRules } from "../model/ruleset.ts";
import { renderEnd } from "./entry.ts";
import { walkFlow } from "./flow-walk.ts";
import { type Answers, type Assumptions, forEachAnswer, type Oracle } from "./oracle.ts";
import { type CompiledPod, makePod } from "./pod.ts";
import type { Recorder } from "./recorder.ts";
import { type KeptSteps, type PacketTrace, type RenderRule, startRecording } from "./recording.ts";

/** One connection of a flow with the ways of its packets. Ends are `address:port`; a source port the kernel chooses is 0. */
export interface ConnectionTrace {
  readonly source: string;
  readonly destination: string;
  readonly owner: Owner;
  readonly packets: readonly PacketTrace[];
}

/**
 * A flow's landing with how it came about.
 *
 * @example
 * // a TCP flow that REDIRECT takes, with one rule of the first packet
 * { landing: { kind: "listener", listener: "envoy-outbound", … }, possible: [landing], unknown: [],
 *   connections: [{ source: "10.244.0.2:0", destination: "10.244.0.4:80", owner: { uid: 1000, gid: 1000 },
 *     packets: [{ …, steps: [{ …, rule: "-A OUTPUT -j ISTIO_OUTPUT", matched: true }, …] }, …] }] }
 */
export interface Explanation {
  readonly landing: Landing;
  /** Every landing that is possible where the landing depends on something unknown; otherwise the landing alone. */
  readonly possible: readonly Landing[];
  /** What the landing was found to depend on and is not known: texts of matches and targets; empty where it is known. */
  readonly unknown: readonly string[];
  /** The flow's connections in order; where something is unknown, those of the first possibility. */
  readonly connections: readonly ConnectionTrace[];
}

/** A pod with rules in it, ready to land flows. It holds no state between flows. */
export interface Simulator {
  /**
   * Gives where a flow lands: more than 100,000 flows a second with the seed rules.
   *
   * Where that depends on a match or target that is not understood, and not all its possible answers lead to the same landing, the landing
   * is `could-not-look` with the cause: nothing is guessed. The same where no socket can be bound to the flow's source.
   */
  land(flow: ResolvedFlow, manner: Manner): Landing;
  /** Gives the same landing, and tells a recorder of every rule and policy that is met on any way to it. */
  watch(flow: ResolvedFlow, manner: Manner, recorder: Recorder): Landing;
  /** Gives the landing and every packet's way to it, rule by rule: every rule that it met, if `kept` does not say otherwise. */
  explain(flow: ResolvedFlow, manner: Manner, renderRule: RenderRule, kept?: KeptSteps): Explanation;
  /** Gives the same pod in which each match that is not understood and that is named here, by its text, answers as it says. */
  assuming(answers: Assumptions): Simulator;
}

const NO_ASSUMPTIONS: Assumptions = new Map();

/**
 * Puts rules into a pod of the sandbox's shape. A family whose rules are null has none.
 *
 * Limits: TCP and UDP; no conntrack helpers; one variant's tables. Throws where a rule jumps to a chain
 * that its table does not have.
 *
 * @example
 * compilePod(rules, spec, DEFAULT_ADDRESSES).land(flow, "answer")
 * // { kind: "listener", host: "pod", listener: "envoy-inbound", address: "10.244.0.2", port: 15006,
 * //   originalDestination: "10.244.0.2:8080",
 * //   source: "10.244.0.3:0", hops: [] }   a port that the kernel chooses freely is written 0
 */
export function compilePod(rules: PodRules, spec: PodSpec, addresses: SandboxAddresses): Simulator {
  return openSimulator(makePod(rules, spec, addresses), NO_ASSUMPTIONS);
}

function openSimulator(pod: CompiledPod, assumed: Assumptions): Simulator {
  const forEach = <T>(walk: (oracle: Oracle) => T) => forEachAnswer(walk, assumed);
  return {
    land: (flow, manner) => judge(forEach((oracle) => walkFlow(pod, flow, manner, oracle, null))).landing,
    watch: (flow, manner, recorder) =>
      judge(forEach((oracle) => walkFlow(pod, flow, manner, oracle, () => recorder))).landing,
    assuming: (answers) => openSimulator(pod, answers),
    explain: (flow, manner, renderRule, kept = "every rule") => {
      const runs: ConnectionTrace[][] = [];
      const answers = forEach((oracle) => {
        const connections: (() => ConnectionTrace)[] = [];
        const landing = walkFlow(pod, flow, manner, oracle, ({ source, destination, owner }) => {
          const { recorder, list } = startRecording(renderRule, assumed, kept);
          connections.push(() => ({
            source: renderEnd(source),
            destination: renderEnd(destination),
            owner,
            packets: list(),
          }));
          return recorder;
        });
        runs.push(connections.map((connection) => connection()));
        return landing;
      });
      return { ...judge(answers), connections: runs[0] ?? [] };
    },
  };
}

function listDifferent(outcomes: readonly Landing[]): readonly Landing[] {
  return [...new Map(outcomes.map((landing) => [renderLandingKey(landing), landing])).values()];
}

/** Gives the landing that all possibilities share, or `could-not-look` naming what it depends on. */
function judge({ outcomes, questions, gaveUp }: Answers<Landing>): Omit<Explanation, "connections"> {
  const possible = outcomes.length === 1 ? outcomes : listDifferent(outcomes);
  const [only] = possible;
  if (gaveUp.length === 0 && only && possible.length === 1) return { landing: only, possible, unknown: [] };
  const unknown = [...gaveUp, ...questions];
  const cause = `the landing depends on what is not known: ${unknown.join("; ")}`;
  return { landing: makeBlind("depends-on-unknown", cause), possible: gaveUp.length > 0 ? [] : possible, unknown };
}
