import { describe, expect, test } from "vitest";
import { LandfallError } from "../../../harness/errors.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { type Landing, makeLanding } from "../../../harness/model/landing.ts";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { runScenarios } from "../../../harness/run/run.ts";
import { type ParsedScenario, parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { runScenario } from "../../../harness/run/scenario-run.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import type { Observation, Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { SimulatedSandbox } from "../../../harness/sandbox/simulated/simulated.ts";

function scenario(fields: Partial<Scenario> = {}): ParsedScenario {
  const answer = { "client -> pod:8080": "envoy-inbound:15006", "app -> upstream:80": "envoy-outbound:15001" };
  const whole = {
    name: "sample",
    claim: "A sample.",
    capture: ["-u", "1337", "-b", "*", "-i", "*"],
    answer,
    ...fields,
  };
  const parsed = parseScenario(whole, "sample.ts");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.value;
}

/** A sandbox that fails: the `nth` time flows are driven, counted from 1, and from then on, `fail` says what becomes of them. */
class FailingSandbox extends SimulatedSandbox {
  readonly #nth: number;
  readonly #fail: (seen: readonly Observation[]) => readonly Observation[];
  #times = 0;

  constructor(nth: number, fail: (seen: readonly Observation[]) => readonly Observation[]) {
    super();
    this.#nth = nth;
    this.#fail = fail;
  }

  override async drive(asked: Parameters<Sandbox["drive"]>[0]): Promise<readonly Observation[]> {
    const seen = await super.drive(asked);
    return ++this.#times >= this.#nth ? this.#fail(seen) : seen;
  }
}

const APP: Landing = makeLanding("listener", { host: "pod", listener: "app", port: 8080 });
const landAll = (landing: Landing) => (seen: readonly Observation[]) => seen.map((each) => ({ ...each, landing }));
const die = () => {
  throw new LandfallError("agent-failed", "the agent's stream ended.");
};

describe("a harness that cannot see", () => {
  // Driven are: the canaries, the scenario's flows, the canaries again.
  const rows: readonly (readonly [string, Sandbox, RegExp])[] = [
    [
      "lands everything on a listener",
      new FailingSandbox(1, landAll(APP)),
      /^Before the rules, without rules, the canary/,
    ],
    [
      "finds everything refused",
      new FailingSandbox(1, landAll(makeLanding("refused"))),
      /canary flow client -> pod:8080/,
    ],
    ["goes blind under way", new FailingSandbox(3, landAll(APP)), /^After the rules, .* canary flow app -> pod:9 /],
    ["sees nothing", new FailingSandbox(1, () => []), /the harness saw nothing/],
    ["dies before", new FailingSandbox(1, die), /stream ended/],
    ["dies under way", new FailingSandbox(2, die), /stream ended/],
    ["dies after", new FailingSandbox(3, die), /stream ended/],
  ];
  test.each(rows)("reports every flow as not observed if it %s", async (_, sandbox, cause) => {
    const { report } = await runScenario(scenario(), sandbox);
    expect(report.flows.map(({ verdict, observed }) => [verdict, observed.kind, observed.cause])).toEqual(
      Array(2).fill(["could-not-look", "could-not-look", expect.stringMatching(cause)]),
    );
  });

  test("reports the flows that it gave no answer for as not observed", async () => {
    const { report } = await runScenario(scenario(), new FailingSandbox(2, (seen) => seen.slice(0, 1)));
    expect(report.flows.map(({ verdict }) => verdict)).toEqual(["could-not-look", "could-not-look"]);
  });

  test("is replaced if it has died, and the next scenarios are run", async () => {
    let started = 0;
    const start = async () => (++started === 1 ? new FailingSandbox(2, die) : new SimulatedSandbox());
    const scenarios = [scenario({ name: "first" }), scenario({ name: "second" })];
    const report = await runScenarios(scenarios, { start, jobs: 1, clock: () => 0 });
    expect({ started, summary: report.summary }).toMatchObject({ started: 2, summary: { couldNotLook: 2, pass: 2 } });
  });
});

describe("a run", () => {
  test("reports a landing that was predicted wrongly as landfall's own defect", async () => {
    const sandbox = new FailingSandbox(2, (seen) =>
      seen.map((each, i) => (i === 0 ? { ...each, landing: APP } : each)),
    );
    const start = async () => sandbox;
    const report = await runScenarios([scenario()], { start, jobs: 1, clock: () => 0 });
    expect(report.summary).toMatchObject({ wrong: 1, pass: 1, mispredicted: 1 });
  });

  const timedOut = makeLanding("timed-out");
  const late = (times: number) => {
    let left = times;
    return new FailingSandbox(2, (seen) =>
      left-- > 0 ? seen.map((each, i) => (i === 0 ? { ...each, landing: timedOut } : each)) : seen,
    );
  };

  test("drives a flow with an unpredicted time-out again, and believes the second result", async () => {
    const kinds = async (times: number) =>
      (await runScenario(scenario(), late(times))).report.flows.map(({ verdict, observed }) => [
        verdict,
        observed.kind,
      ]);
    expect(await kinds(1)).toEqual(Array(2).fill(["pass", "listener"]));
    expect((await kinds(2))[0]).toEqual(["wrong", "timed-out"]);
  });

  test("drives flows first that the rules land wrong, and reports all in their own order", async () => {
    const asked: string[][] = [];
    class NotingSandbox extends SimulatedSandbox {
      override async drive(requests: Parameters<Sandbox["drive"]>[0]): Promise<readonly Observation[]> {
        asked.push(requests.map(({ flow }) => renderFlowText(flow.spec)));
        return super.drive(requests);
      }
    }
    const removed = [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -j ISTIO_REDIRECT" }] as const;
    const { report } = await runScenario(scenario({ without: removed }), new NotingSandbox());
    expect(asked[1]).toEqual(["app -> upstream:80", "client -> pod:8080"]);
    expect(report.flows.map(({ flow, verdict }) => [flow, verdict])).toEqual([
      ["client -> pod:8080", "pass"],
      ["app -> upstream:80", "wrong"],
    ]);
  });

  test("without a scenario does not pass", async () => {
    const start = async () => new SimulatedSandbox();
    await expect(runScenarios([], { start, jobs: 1, clock: () => 0 })).rejects.toThrow(/nothing to verify/);
  });

  test("keeps the scenarios' order, whichever ends first", async () => {
    const names = Array.from({ length: 12 }, (_, i) => `scenario-${i}`);
    const start = async () => new SimulatedSandbox();
    const ended: string[] = [];
    const report = await runScenarios(
      names.map((name) => scenario({ name })),
      {
        start,
        jobs: 3,
        clock: () => 0,
        onScenario: ({ name }, done, of) => ended.push(`${name} ${done}/${of}`),
      },
    );
    expect(report.scenarios.map(({ name }) => name)).toEqual(names);
    expect(ended.length).toBe(12);
    expect(ended.at(-1)).toMatch(/ 12\/12$/);
  });

  test("disposes of every sandbox it has started, also if a scenario ends the run", async () => {
    const ended: string[] = [];
    class CountedSandbox extends SimulatedSandbox {
      override async [Symbol.asyncDispose]() {
        ended.push("ended");
      }
      override async install(): Promise<void> {
        throw new LandfallError("rules-refused", "the kernel refuses line 3.");
      }
    }
    const run = runScenarios([scenario(), scenario()], {
      start: async () => new CountedSandbox(),
      jobs: 2,
      clock: () => 0,
    });
    await expect(run).rejects.toThrow(/^Scenario sample: the kernel refuses line 3\./);
    expect(ended).toEqual(["ended", "ended"]);
  });
});

describe("on the kernel", () => {
  test("rules are removed again, whether they were right, wrong or refused", async () => {
    await using sandbox = await openSandbox("netns");
    const counted = async () =>
      JSON.stringify(await sandbox.counters(), (_, value) => (typeof value === "bigint" ? 0 : value));
    const refused = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m nosuchmatch --foo 1 -j ACCEPT\nCOMMIT\n";
    await runScenario(scenario(), sandbox);
    expect(await counted()).not.toContain("ISTIO");
    const wrong = await runScenario(scenario({ answer: { "client -> pod:8080": "app" } }), sandbox);
    expect(wrong.report.flows[0]?.rules.map(({ chain, index }) => `${chain} ${index}`)).toEqual([
      "PREROUTING 1",
      "ISTIO_INBOUND 2",
      "ISTIO_IN_REDIRECT 1",
    ]);
    expect(wrong.report.flows[0]?.rulesBy).toBe("counters");
    await expect(runScenario(scenario({ rules: { ip: refused, ip6: "" } }), sandbox)).rejects.toMatchObject({
      code: "rules-refused",
    });
    expect(await counted()).not.toContain("ISTIO");
    expect((await runScenario(scenario(), sandbox)).report.flows.map(({ verdict }) => verdict)).toEqual([
      "pass",
      "pass",
    ]);
  });

  test("a wrong flow that no rule counted is reported as such", async () => {
    await using sandbox = await openSandbox("netns");
    const { report } = await runScenario(
      scenario({ rules: { ip: "" }, answer: { "client -> pod:22": "refused" } }),
      sandbox,
    );
    expect(report.flows[0]).toMatchObject({ verdict: "wrong", rules: [], rulesBy: "counters" });
  });
});
