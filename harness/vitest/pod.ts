import { resolveLanding } from "../contract/expected-landing.ts";
import { LandfallError } from "../errors.ts";
import { FAMILIES } from "../model/address.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { parseFlowText } from "../model/flow-text.ts";
import { parseLandingText } from "../model/landing-text.ts";
import type { PodSpec } from "../model/pod.ts";
import type { BackendName, FlowReport } from "../model/report.ts";
import { NO_RULES } from "../model/ruleset.ts";
import { findBlindness } from "../run/canary.ts";
import { judgeFlow } from "../run/judged-flow.ts";
import { makePodSpec } from "../run/pod-spec.ts";
import { predictFlows } from "../run/prediction.ts";
import { attributeFlows } from "../run/rules/attribution.ts";
import { lookAgain } from "../run/second-look.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { blameCaller } from "./caller.ts";
import { orThrow, type RuleSource, type RulesWithCapture, readRuleSource, seedRules } from "./rule-source.ts";
import type { FlowWords } from "./words.ts";

/**
 * A flow that is driven when a matcher asks where it lands. Give it to `expect`: `await expect(pod.flow("app ->
 * upstream:80")).toLandOn("envoy-outbound:15001")`.
 */
export interface PodFlow {
  readonly text: string;
  readonly manner: Manner;
  /** Drives it and gives its report; `expected` is a landing as authors write it. */
  readonly drive: (expected: string) => Promise<FlowReport>;
  /** What it is driven on. */
  readonly backend: BackendName;
}

/**
 * The pod of one test. Rules are put into it and flows driven through it, one after the other. It begins and ends without rules, and each
 * time canary flows show that the harness sees; where they do not, it throws `agent-failed`. So does every call after the test has ended. A
 * flow without a verdict is `internal`, a defect of landfall.
 *
 * @example
 * test("MySQL is left alone", async ({ pod }) => {
 *   await pod.apply(["-u", "1337", "-b", "*", "-o", "3306"]);
 *   await expect(pod.flow("app -> upstream:3306")).toLandOn("upstream:3306");
 * });
 */
export class Pod implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  readonly #listen: number[] = [];
  readonly #flows: Flow[] = [];
  /** Null while no rules are in. */
  #applied: RulesWithCapture | null = null;
  #spec: PodSpec | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** A test that was timed out goes on without anybody waiting for it, while the next one has the sandbox. */
  #state: "in-use" | "ended" = "in-use";

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** Lets the app listen on further ports. */
  listen(...ports: readonly number[]): void {
    this.#listen.push(...ports);
  }

  /**
   * Puts rules in place of those that are in. Throws `bad-input` with every finding where they cannot be read, `rules-refused` where
   * the kernel refuses them, and `rules-misread` where it has other rules in a text than landfall.
   */
  apply(source: RuleSource): Promise<void> {
    const apply = async () => {
      this.#applied = readRuleSource(source);
      this.#spec = null;
      await this.#sandbox.clear();
      await this.#sandbox.checkReading(this.#applied.given);
      await this.#enter();
    };
    return blameCaller(this.apply, () => this.#inTurn(apply));
  }

  /**
   * Names a flow, `ACTOR[@SOURCE] -> TARGET:PORT`, for `expect(…).toLandOn(…)`. With `forward` the stub dials on as Envoy does.
   *
   * @example
   * pod.flow("app -> upstream:80")
   * pod.flow("app -> upstrem:80")   // does not compile: there is no such target
   */
  flow<Text extends string>(text: FlowWords<Text>, { manner = "answer" }: { readonly manner?: Manner } = {}): PodFlow {
    return {
      text,
      manner,
      drive: (expected) => this.#inTurn(() => this.#drive(text, manner, expected)),
      backend: this.#sandbox.backend,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "ended";
    // What is going on comes to its end; what waits for its turn finds the test ended.
    await Promise.allSettled([this.#last]);
    await this.#leave("After the test");
  }

  async #drive(text: string, manner: Manner, expectedText: string): Promise<FlowReport> {
    const { capture, rules } = this.#applied ?? readRuleSource(seedRules);
    const { addresses } = this.#sandbox;
    const { shape } = capture;
    const flow = resolveFlow(orThrow(parseFlowText(text, shape)), addresses, shape);
    const written = orThrow(parseLandingText(expectedText, shape, "landing"));
    const expected = resolveLanding(written, flow, { shape, addresses });
    this.#flows.push(flow);
    const spec = await this.#enter();
    const requests = [{ flow, manner, expected }];
    const predictions = predictFlows({ spec, flows: requests }, this.#applied ? rules : NO_RULES, addresses);
    const first = await this.#sandbox.drive(requests);
    const [observation] = await lookAgain(requests, first, predictions, this.#sandbox);
    const judged = requests.map((request) => judgeFlow(request, observation, predictions[0] ?? null));
    const [report] = await attributeFlows(judged, requests, this.#sandbox);
    if (!report) throw new LandfallError("internal", `${text} has no verdict.`);
    return report;
  }

  /** Brings listeners and addresses to what the flows so far need; where that changes, rules go out first and in again. */
  async #enter(): Promise<PodSpec> {
    const { capture, rules } = this.#applied ?? readRuleSource(seedRules);
    const spec = makePodSpec(capture, this.#flows, this.#listen, this.#sandbox.addresses, this.#applied ? [rules] : []);
    if (JSON.stringify(spec) === JSON.stringify(this.#spec)) return spec;
    await this.#sandbox.clear();
    await this.#sandbox.enter(spec);
    this.#spec = spec;
    await this.#look("Before the rules");
    if (this.#applied) await this.#sandbox.install({ kind: "rules", rules });
    return spec;
  }

  async #leave(when: string): Promise<void> {
    await this.#sandbox.clear();
    if (this.#spec) await this.#look(when);
  }

  async #look(when: string): Promise<void> {
    const { capture } = this.#applied ?? readRuleSource(seedRules);
    const setting = {
      spec: this.#spec ?? makePodSpec(capture, [], [], this.#sandbox.addresses),
      families: FAMILIES,
    };
    const blindness = await findBlindness(this.#sandbox, setting, when);
    if (blindness !== null) throw new LandfallError("agent-failed", `${blindness}.`);
  }

  /** One thing at a time, whatever a test does at once: a pod has one set of rules. Nothing more once the test has ended. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const actInTime = () => {
      if (this.#state === "in-use") return act();
      throw new LandfallError("agent-failed", "the test has ended, and its pod now belongs to the next test.");
    };
    const turn = this.#last.then(actInTime, actInTime);
    this.#last = turn;
    return turn;
  }
}
