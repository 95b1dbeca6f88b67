import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { judgeMutants } from "../../harness/run/mutation/mutation.ts";
import { findSubjects } from "../../harness/run/mutation/mutation-subject.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import seed from "../../scenarios/seed.ts";
import { type Figure, makeFigure } from "./figure.ts";

/** Measures judging the seed's mutants in network namespaces: rules swapped in live pods, flows driven, landings compared. */
export async function measureMutation(): Promise<readonly Figure[]> {
  const parsed = parseScenario(seed, seed.name);
  const [subject] = parsed.ok ? findSubjects([parsed.value], "scenarios-and-configs", DEFAULT_ADDRESSES) : [];
  if (!subject) throw new RangeError("the seed scenario gives nothing to break");
  const from = performance.now();
  const reports = await judgeMutants([subject], { start: () => openSandbox("netns"), jobs: 6 });
  const perSecond = reports.length / ((performance.now() - from) / 1_000);
  return [makeFigure("mutants of the seed judged, netns", perSecond, "/s", 20, "at-least")];
}
