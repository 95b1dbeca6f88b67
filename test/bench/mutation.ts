import { BACKENDS } from "../../harness/model/backends.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { judgeMutants } from "../../harness/run/mutation/mutation.ts";
import { findSubjects } from "../../harness/run/mutation/mutation-subject.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import seed from "../../scenarios/seed.ts";

/**
 * Judges the mutants of the seed in network namespaces: rules swapped in live pods, flows driven, landings compared. Gives milliseconds
 * for each mutant, the sandboxes' start included.
 */
export async function measureMutation(): Promise<number> {
  const parsed = parseScenario(seed, seed.name);
  const [subject] = parsed.ok ? findSubjects([parsed.value], "scenarios-and-configs", DEFAULT_ADDRESSES) : [];
  if (!subject) throw new RangeError("the seed scenario gives nothing to break");
  const from = performance.now();
  const reports = await judgeMutants([subject], {
    start: () => openSandbox("netns"),
    jobs: BACKENDS.netns.jobs.mutants,
  });
  return (performance.now() - from) / reports.length;
}

if (import.meta.main) console.log(await measureMutation());
