import { test as base, expect as baseExpect } from "vitest";
import { BACKEND_CHOICES, type BackendChoice } from "../model/backends.ts";
import { listWords } from "../model/listed-words.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import { makePatient } from "./patience.ts";
import { Pod } from "./pod.ts";
import { toLandOn } from "./to-land-on.ts";
import type { LandingWords, Written } from "./words.ts";

export { defineScenario, type Scenario } from "../model/scenario.ts";
export type { Pod, PodFlow } from "./pod.ts";
export { type RuleSource, seedRules } from "./rule-source.ts";
export type { FlowWords, LandingWords, Written } from "./words.ts";

// Here and not beside the matcher: the types of a package are those that its entry leads to.
declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> {
    /**
     * Drives the flow and holds it to a landing: `LISTENER[:PORT] [at ADDRESS] [redirected] [via LISTENER[,LISTENER]] [from ADDRESS]`,
     * `refused`, `reset`, `timed-out`, `unanswered`, `unreachable` or `loop`. Where the harness could not look, or landfall predicted
     * another landing than the kernel's, the test fails, negated or not. A mistyped listener does not compile.
     */
    toLandOn<Text extends string>(landing: Written<Text, LandingWords>): Promise<void>;
  }
}

baseExpect.extend({ toLandOn });

/** Vitest's `expect`, with the matcher `toLandOn`. */
export const expect = baseExpect;

/**
 * Vitest's `test` with a `pod`: begun without rules, ended without rules, on a sandbox that the tests of a file share.
 * The backend is that of `LANDFALL_SANDBOX` (docker, netns, simulated), else auto; a suite chooses with `test.override({ backend: "netns"
 * })` at the top level of its file. Tests of such a file may take 300 s, so that a first run can build its images.
 *
 * @example
 * test("the proxy's own traffic is left alone", async ({ pod }) => {
 *   await pod.apply(seedRules);
 *   await expect(pod.flow("envoy -> upstream:80")).toLandOn("upstream:80");
 * });
 */
export const test = makePatient(
  base
    .extend("backend", { scope: "file" }, (): BackendChoice => readBackend(process.env["LANDFALL_SANDBOX"]))
    .extend("sandbox", { scope: "file" }, async ({ backend }, { onCleanup }) => {
      const sandbox = await openSandbox(backend);
      onCleanup(() => sandbox[Symbol.asyncDispose]());
      return sandbox;
    })
    .extend("pod", async ({ sandbox }, { onCleanup }) => {
      const pod = new Pod(sandbox);
      onCleanup(() => pod[Symbol.asyncDispose]());
      return pod;
    }),
);

/** A variable that is empty counts as one that is not set, as shells and workflows leave it. */
function readBackend(text: string | undefined): BackendChoice {
  const known = BACKEND_CHOICES.find((backend) => backend === (text || "auto"));
  if (known) return known;
  throw new RangeError(`LANDFALL_SANDBOX is "${text}", but must be ${listWords(BACKEND_CHOICES, "or")}.`);
}
