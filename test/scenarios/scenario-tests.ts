import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCENARIO_FOLDER } from "../../harness/cli/verify/scenarios.ts";
import type { BackendChoice } from "../../harness/model/backends.ts";
import { judgePrediction, type ScenarioReport } from "../../harness/model/report.ts";
import { describeLanding } from "../../harness/report/landing-phrase.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { listScenarioFiles, loadScenarioFiles } from "../../harness/run/scenario/scenario-files.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { takeShare } from "../thoroughness.ts";

/**
 * Defines a test for every flow of the built-in scenarios, or of one scenario in so many, all driven in one sandbox of a backend, with the
 * stub or a real Envoy.
 */
export async function defineScenarioTests(
  backend: BackendChoice,
  envoy: "stub" | "real" = "stub",
  oneIn = 1,
): Promise<void> {
  const loaded = await loadScenarioFiles(listScenarioFiles(SCENARIO_FOLDER));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.findings, null, 2));
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox(backend, { ...DEFAULT_SANDBOX_OPTIONS, envoy });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  const manners = ["answer", "forward"] as const;
  const driven = takeShare(loaded.value, oneIn);
  for (const { file, scenario } of driven) {
    describe(`${scenario.name}: ${scenario.claim}`, () => {
      let report: ScenarioReport;
      beforeAll(async () => {
        const parsed = parseScenario(scenario, file);
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings, null, 2));
        report = (await runScenario(parsed.value, sandbox)).report;
      });
      for (const manner of manners)
        for (const [flow, landing] of Object.entries(scenario[manner] ?? {}))
          test(`${flow} lands on ${landing}${manner === "forward" ? ", the proxy forwarding" : ""}`, () => {
            expectPass(report, flow, manner);
          });
    });
  }
}

/** The flow landed where its author says, and where the simulator says. */
function expectPass(report: ScenarioReport, text: string, manner: "answer" | "forward"): void {
  const flow = report.flows.find((each) => each.flow === text && each.manner === manner);
  if (!flow) throw new Error(`${text} was not driven`);
  const told = `${describeLanding(flow.observed)}; expected ${describeLanding(flow.expected)}`;
  expect(flow.verdict, told).toBe("pass");
  expect(judgePrediction(flow), told).toBe("agrees");
}
