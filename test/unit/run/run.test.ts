import { describe, expect, test } from "vitest";
import { LandfallError } from "../../../harness/errors.ts";
import { runScenarios } from "../../../harness/run/run.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../../harness/sandbox/sandbox.ts";

const SCENARIOS = ["a", "b", "c", "d"].map((name) => {
  const answer = { "app -> upstream:80": "envoy-outbound:15001" };
  const parsed = parseScenario({ name, claim: "", capture: ["-u", "1337", "-b", "*", "-i", "*"], answer }, name);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return parsed.value;
});

/** Runs the scenarios; `failing` are the starts that fail, counted from 1. */
async function run(
  jobs: number,
  failing: (start: number) => boolean,
  change: (sandbox: Sandbox, start: number) => void = () => {},
) {
  let starts = 0;
  const start = async () => {
    const number = ++starts;
    if (failing(number)) throw new LandfallError("environment", `start ${number} failed`);
    const sandbox = await openSandbox("simulated");
    change(sandbox, number);
    return sandbox;
  };
  const { scenarios } = await runScenarios(SCENARIOS, { start, jobs, clock: () => 0 });
  return scenarios.map(({ name, flows }) => `${name} ${flows.map(({ verdict }) => verdict)}`);
}

const ALL_PASS = ["a pass", "b pass", "c pass", "d pass"];

describe("a sandbox that cannot be started", () => {
  test("costs no scenario if others can be started", async () => {
    expect(await run(4, (start) => start > 1)).toEqual(ALL_PASS);
  });
  test("costs no scenario if one can be started after the others", async () => {
    expect(await run(4, (start) => start < 5)).toEqual(ALL_PASS);
  });
  test("ends the run with its reason if there is no other", async () => {
    await expect(run(2, () => true)).rejects.toMatchObject({ code: "environment", message: "start 1 failed" });
  });
});

describe("a sandbox that fails", () => {
  const breakEnter = (sandbox: Sandbox) =>
    Object.assign(sandbox, {
      enter: () => Promise.reject(new LandfallError("environment", "the namespace is gone")),
    });

  test("costs the scenario it was used for, and no other", async () => {
    const verdicts = await run(
      1,
      () => false,
      (sandbox, start) => start === 1 && breakEnter(sandbox),
    );
    expect(verdicts).toEqual(["a could-not-look", "b pass", "c pass", "d pass"]);
  });
  test("and cannot be replaced leaves the remaining flows as not observed", async () => {
    const verdicts = await run(
      1,
      (start) => start > 1,
      (sandbox) => breakEnter(sandbox),
    );
    expect(verdicts).toEqual(["a", "b", "c", "d"].map((name) => `${name} could-not-look`));
  });
});
