import type { Manner } from "../../model/flow.ts";
import { type Landing, makeBlind } from "../../model/landing.ts";
import { MAX_HOPS, type PodSpec, type SandboxAddresses } from "../../model/pod.ts";
import { proxyIdentity } from "../../model/pod-shape.ts";
import type { Observation } from "../sandbox.ts";
import type { Station } from "../station.ts";
import { type AccessLogEntry, parseAccessLogLine } from "./access-log.ts";
import { envoyListeners, makeEnvoyBootstrap } from "./bootstrap.ts";
import { landInLoop, landOnEnvoy } from "./landing.ts";
import { type DrivenFlow, type FlowTrace, traceFlow } from "./passages.ts";
import type { EnvoySettings } from "./settings.ts";

/** How long Envoy's log may take to tell of connections that have ended. It alone proves that Envoy never saw one. */
const LOG_DEADLINE_MS = 2_000;

/** A real Envoy in the stub's place: played by the proxy's agent, known by its access log. It ends with that agent. */
export class RealEnvoy {
  readonly #program: string;
  readonly #station: Station;
  readonly #podAddresses: readonly string[];
  readonly #connectTimeoutMs: number;
  #running: string | null = null;
  #entries: AccessLogEntry[] = [];
  #wake = () => {};

  /** `program` is Envoy's path as the agent of `station`, the proxy's, sees it; `connectTimeoutMs` is for the connections it dials. */
  constructor(program: string, station: Station, { pod }: SandboxAddresses, connectTimeoutMs: number) {
    this.#program = program;
    this.#station = station;
    this.#podAddresses = [pod[4], pod[6]];
    this.#connectTimeoutMs = connectTimeoutMs;
    station.agent.onLogged = (lines) => {
      this.#entries.push(...lines.flatMap((line) => parseAccessLogLine(line) ?? []));
      this.#wake();
    };
  }

  /** Ends an Envoy that a spec cannot use, so that its ports are free; one that is as the spec wants it stays. */
  async makeRoom(spec: PodSpec): Promise<void> {
    if (this.#running === null || this.#running === JSON.stringify(this.#planFor(spec))) return;
    await this.#station.agent.call("stop-envoy", {});
    this.#running = null;
  }

  /** Starts Envoy as a spec wants it, unless it runs already. Throws `environment` with Envoy's own words where it does not come up. */
  async start(spec: PodSpec): Promise<void> {
    if (this.#running !== null) return;
    const plan = this.#planFor(spec);
    const { agent, namespace } = this.#station;
    const bootstrap = makeEnvoyBootstrap(plan.settings);
    await agent.call("start-envoy", { namespace, owner: plan.owner, program: this.#program, bootstrap });
    this.#running = JSON.stringify(plan);
  }

  /**
   * Gives what became of a flow, once the log tells of it: in the manner `forward` its landing with its hops; in the manner `answer` the
   * listener of Envoy that took it, if one did, and where it ended behind that. Flows come one at a time: all of a loop must have ended
   * before the next, which would find Envoy's circuit breaker open.
   */
  async completeLanding(flow: DrivenFlow, manner: Manner): Promise<Pick<Observation, "landing" | "forwarded">> {
    const deadline = performance.now() + LOG_DEADLINE_MS;
    let trace = traceFlow(flow, this.#entries, "growing");
    while (trace.state === "untold" && performance.now() < deadline) {
      await this.#nextLine(deadline);
      trace = traceFlow(flow, this.#entries, "growing");
    }
    if (trace.state === "untold") trace = traceFlow(flow, this.#entries, "complete");
    const entries = this.#entries;
    this.#entries = [];
    const landing = trace.state === "told" ? trace.landing : landUntold(flow, trace, entries);
    const [first] = trace.passages;
    if (manner === "forward" || first === undefined) return { landing };
    return { landing: landOnEnvoy(first, []), forwarded: landing };
  }

  #planFor({ shape }: PodSpec) {
    const { uid, gid, mark } = proxyIdentity(shape);
    const settings: EnvoySettings = {
      listeners: envoyListeners(shape),
      passThrough: shape.passThrough,
      mark,
      podAddresses: this.#podAddresses,
      connectTimeoutMs: this.#connectTimeoutMs,
    };
    return { owner: { uid, gid }, settings };
  }

  /** Resolves with the next lines of the log, or at the deadline. */
  async #nextLine(deadline: number): Promise<void> {
    const timer = setTimeout(() => this.#wake(), Math.max(0, deadline - performance.now()));
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    clearTimeout(timer);
    this.#wake = () => {};
  }
}

/**
 * A landing on a listener counts only if Envoy's log joins both ends; a loop counts however much of it the log tells. What could not be
 * looked at says what the log has.
 */
function landUntold(flow: DrivenFlow, { landing, passages }: FlowTrace, entries: readonly AccessLogEntry[]): Landing {
  if (passages.length >= MAX_HOPS) return landInLoop(passages);
  // Who resolves names is the agent's and not Envoy's: where Envoy's log is empty in the end, it has passed the flow on to nobody else.
  if (landing.kind === "listener" && landing.hops.length > 0 && entries.length === 0) return landing;
  if (landing.kind !== "listener" && landing.kind !== "could-not-look") return landing;
  const told = landing.cause ?? `${landing.listener} was reached from ${landing.source}`;
  const log = `${passages.length} of its ${entries.length} entries follow from ${flow.local} -> ${flow.dialled}`;
  const lines = entries.map((entry) => `${entry.source} -> ${entry.destination}: ${entry.onwardSource} ${entry.flags}`);
  return makeBlind("envoy-unclear", `${told}; in Envoy's log ${log} [${lines.join(", ")}]`);
}
