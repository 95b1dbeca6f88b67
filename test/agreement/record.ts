import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { LandfallError } from "../../harness/errors.ts";
import { FAMILIES } from "../../harness/model/address.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import { compilePod, type Simulator } from "../../harness/netfilter/simulator.ts";
import { listSteps } from "../../harness/netfilter/steps.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { FlowRequest, Sandbox } from "../../harness/sandbox/sandbox.ts";
import { type AgreementCase, arbitraryAgreementCase, type DrawnFormat } from "./agreement-case.ts";
import { compareCase, type Disagreement, describe, isUnknown, SANDBOX } from "./compare.ts";
import {
  RECORDING_FILE,
  type RecordedCase,
  type RecordedFlow,
  type Recording,
  readRecordedRules,
  readRequest,
  writeFlow,
  writeRouting,
  writeRules,
} from "./recorded.ts";

/** Sets of rules that are drawn of each protocol and family. A mixed one has rules of three tools, and is as long as five others. */
const SETS = { iptables: 14, nft: 16, mixed: 3 } as const satisfies Record<DrawnFormat, number>;
/** Of each set: flows that are driven, those that are kept, and of those whose landing the simulator cannot know. */
const FLOWS = 80;
const FLOWS_KEPT = 9;
const UNKNOWN_KEPT = 2;
const SEED = Number(process.env["LANDFALL_SEED"] ?? 1);

/**
 * Records where this kernel lands random flows under random rules, in network namespaces, for tests that need no kernel. A flow on which
 * simulator and kernel disagree ends it: that is `npm run agree`'s to show. Takes some minutes; needs root.
 */
async function record(): Promise<void> {
  const cases: RecordedCase[] = [];
  const pods: PodSpec[] = [];
  await using sandbox = new AgentSandbox(await startNetnsWorld(), "nft");
  for (const drawn of drawAll()) {
    const made = await recordCase(drawn, pods, sandbox);
    if (made !== null && made.flows.length > 0) cases.push(made);
  }
  const made = `node test/agreement/record.ts, on Linux ${release()}`;
  const recording: Recording = { made, assumed: Object.fromEntries(SANDBOX), pods, cases };
  writeFileSync(
    RECORDING_FILE,
    `${renderLines(recording)}
`,
  );
  console.log(`${cases.length} cases, ${cases.flatMap(({ flows }) => flows).length} flows`);
}

interface DrawnCase extends Pick<RecordedCase, "name" | "family"> {
  readonly one: AgreementCase;
}

function drawAll(): readonly DrawnCase[] {
  return (["tcp", "udp", "icmp"] as const).flatMap((protocol) =>
    (["iptables", "nft", "mixed"] as const).flatMap((format) =>
      FAMILIES.flatMap((family) =>
        fc
          .sample(arbitraryAgreementCase(family, FLOWS, protocol, format), {
            seed: SEED * 100 + family,
            numRuns: SETS[format],
          })
          .map((one, i) => ({ name: `${protocol} ${format} IPv${family} ${i}`, family, one })),
      ),
    ),
  );
}

/** Null where the kernel refuses the rules, as it does with a few of those that are drawn. Adds to the pods. */
async function recordCase(
  { name, family, one }: DrawnCase,
  pods: PodSpec[],
  sandbox: Sandbox,
): Promise<RecordedCase | null> {
  const rows = await driveLoadable(one, sandbox);
  if (rows === null) return null;
  const known = pods.findIndex((pod) => isDeepStrictEqual(pod, one.spec));
  const pod = known < 0 ? pods.push(one.spec) - 1 : known;
  const recorded = { name, family, pod, rules: writeRules(one.rules), routing: writeRouting(one.rules) };
  return { ...recorded, flows: chooseFlows({ ...recorded, flows: [] }, one, rows) };
}

/** JSON with a line for each pod and each case, so that a change of one is a change of one line. */
function renderLines({ pods, cases, ...head }: Recording): string {
  const lists = Object.entries({ pods, cases }).map(
    ([name, items]) => `${JSON.stringify(name)}: [\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`,
  );
  return `${JSON.stringify(head).slice(0, -1)},\n${lists.join(",\n")}}`;
}

async function driveLoadable(one: AgreementCase, sandbox: Sandbox): Promise<readonly Disagreement[] | null> {
  try {
    const { rows, disagreements } = await compareCase(one, sandbox);
    const [first] = disagreements;
    if (first) throw new Error(`${writeFlow(first.request)}: simulator and kernel disagree; see npm run agree`);
    return rows;
  } catch (error) {
    if (error instanceof LandfallError && error.code === "rules-refused") return null;
    throw error;
  }
}

/** Of flows that went the same way through the rules one is kept, those first that met many rules. */
function chooseFlows(recorded: RecordedCase, one: AgreementCase, rows: readonly Disagreement[]) {
  const simulator = compilePod(readRecordedRules(recorded), one.spec, DEFAULT_ADDRESSES).assuming(SANDBOX);
  const ways = new Map<string, RecordedFlow>();
  for (const row of rows) {
    const flow = recordRow(row, simulator, one.spec);
    const way = `${flow?.isUnknown ?? false} ${nameWay(row.request, simulator)}`;
    if (flow !== null && !ways.has(way)) ways.set(way, flow);
  }
  const byWay = [...ways].sort(([way], [other]) => other.length - way.length).map(([, flow]) => flow);
  return [
    ...byWay.filter(({ isUnknown }) => !isUnknown).slice(0, FLOWS_KEPT),
    ...byWay.filter(({ isUnknown }) => isUnknown).slice(0, UNKNOWN_KEPT),
  ];
}

/** Null where the sandbox did not see the landing. Throws where the texts do not say what was driven. */
function recordRow(
  { request, predicted, observed }: Disagreement,
  simulator: Simulator,
  spec: PodSpec,
): RecordedFlow | null {
  const { manner } = request;
  const [flow, landed] = [writeFlow(request), describe(observed)];
  const told = simulator.land(readRequest({ flow, manner, landed }, spec).flow, manner);
  if (describe(told) !== describe(predicted))
    throw new Error(`${flow}: ${describe(told)} by the texts, ${describe(predicted)} by the rules`);
  if (isUnknown(predicted)) return { flow, manner, landed, isUnknown: true };
  return describe(predicted) === landed ? { flow, manner, landed } : null;
}

function nameWay({ flow, manner }: FlowRequest, simulator: Simulator): string {
  const { connections } = simulator.explain(flow, manner, () => "", "matching rules");
  return listSteps(connections)
    .map(({ table, chain, index, verdict }) => `${table} ${chain} ${index} ${verdict}`)
    .join(", ");
}

await record();
