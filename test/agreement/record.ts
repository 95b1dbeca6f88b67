import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { LandfallError } from "../../harness/errors.ts";
import type { PodSpec } from "../../harness/model/pod.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { compareCase, type Disagreement, describe, isBlind, isUnknown, SANDBOX } from "./compare.ts";
import {
  RECORDING_FILE,
  type RecordedCase,
  type RecordedFlow,
  type Recording,
  readRecordedRules,
  readRecording,
  readRequest,
  writeFlow,
} from "./recorded.ts";

/**
 * Records anew where this kernel lands the flows of the recording, in network namespaces, and of the files that are named on the command
 * line, whose cases are added; these need no landings yet. A flow on which simulator and kernel disagree ends it: that is `npm run agree`'s
 * to show. Takes some minutes; needs root.
 */
async function record(files: readonly string[]): Promise<void> {
  const pods: PodSpec[] = [];
  const cases: RecordedCase[] = [];
  await using sandbox = new AgentSandbox(await startNetnsWorld(), "nft");
  for (const source of [RECORDING_FILE, ...files].map(readRecording))
    for (const one of source.cases) {
      const spec = source.pods[one.pod];
      const flows = spec && !cases.some(({ name }) => name === one.name) ? await drive(one, spec, sandbox) : [];
      if (spec && flows.length > 0) cases.push({ ...one, pod: placeOf(spec, pods), flows });
    }
  const made = `node test/agreement/record.ts, on Linux ${release()}`;
  writeFileSync(
    RECORDING_FILE,
    `${renderLines({ made, assumed: Object.fromEntries(SANDBOX), pods, cases: cases.toSorted(byName) })}\n`,
  );
  console.log(`${cases.length} cases, ${cases.flatMap(({ flows }) => flows).length} flows`);
}

function byName({ name: one }: RecordedCase, { name: other }: RecordedCase): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Gives a pod's place among pods, and adds it where it has none. */
function placeOf(spec: PodSpec, pods: PodSpec[]): number {
  const known = pods.findIndex((pod) => isDeepStrictEqual(pod, spec));
  return known < 0 ? pods.push(spec) - 1 : known;
}

/** JSON with a line for each pod and each case, so that a change of one is a change of one line. */
function renderLines({ pods, cases, ...head }: Recording): string {
  const lists = Object.entries({ pods, cases }).map(
    ([name, items]) => `${JSON.stringify(name)}: [\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`,
  );
  return `${JSON.stringify(head).slice(0, -1)},\n${lists.join(",\n")}}`;
}

/** Gives a case's flows with where they landed; none where the kernel refuses the rules, as it does with a few of those that are drawn. */
async function drive(one: RecordedCase, spec: PodSpec, sandbox: Sandbox): Promise<readonly RecordedFlow[]> {
  const requests = one.flows.map((flow) => readRequest(flow, spec));
  try {
    const { rows, disagreements } = await compareCase({ spec, rules: readRecordedRules(one), requests }, sandbox);
    const first = disagreements.find(({ observed }) => !isBlind(observed));
    if (first) throw new Error(`${one.name}, ${writeFlow(first.request)}: simulator and kernel disagree`);
    const landed = new Map(rows.map((row) => [row.request, recordRow(row)]));
    return requests.flatMap((request) => landed.get(request) ?? []);
  } catch (error) {
    if (error instanceof LandfallError && error.code === "rules-refused") return [];
    throw error;
  }
}

/** Null where the sandbox did not see the landing, or where the kernel chose a source of several. */
function recordRow({ request, predicted, observed }: Disagreement): RecordedFlow | null {
  const [flow, landed] = [writeFlow(request), describe(observed)];
  const { manner } = request;
  if (isUnknown(predicted)) return { flow, manner, landed, isUnknown: true };
  return describe(predicted) === landed ? { flow, manner, landed } : null;
}

await record(process.argv.slice(2));
