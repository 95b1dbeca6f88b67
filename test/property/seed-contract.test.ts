import { describe, expect, test } from "vitest";
import { makeMutants } from "../../harness/analysis/mutants/mutants.ts";
import { SCENARIO_FOLDER } from "../../harness/cli/verify/scenarios.ts";
import { type BoundaryFlow, boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { contractCapture } from "../../harness/contract/contract-capture.ts";
import { parseContractText } from "../../harness/contract/contract-file.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import type { Capture } from "../../harness/model/capture.ts";
import { type Expectation, meetsExpectation } from "../../harness/model/expectation.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import { addressOwner, DEFAULT_ADDRESSES, hostOfActor, isLoopback } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { describeLanding } from "../../harness/report/landing-phrase.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { listScenarioFiles, loadScenarioFiles } from "../../harness/run/scenario/scenario-files.ts";
import { readCodeBlocks } from "../docs/markdown.ts";
import { captureOf } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";

const RULES = generateRules(seedConfig());
const OWN = captureOf(seedConfig());
const WRITTEN = readWritten();

/** The worked example of docs/contracts.md: what the mesh demands, written by hand. */
function readWritten(): Capture {
  const block = readCodeBlocks("docs/contracts.md").find(({ info }) => info.join(" ") === "yaml sidecar.yaml");
  const parsed = parseContractText(block?.text ?? "", "sidecar.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return contractCapture(parsed.value, Object.values(DEFAULT_ADDRESSES.pod));
}

function demandsOf(capture: Capture, flows: readonly BoundaryFlow[]): Demands {
  const spec = makePodSpec(
    capture,
    flows.map(({ flow }) => flow),
    [],
    DEFAULT_ADDRESSES,
    [RULES],
  );
  return {
    contract: capture.contractFor(DEFAULT_ADDRESSES),
    shape: capture.shape,
    addresses: DEFAULT_ADDRESSES,
    peers: spec,
  };
}

/** Every flow that shows something under either contract, and those that built-in scenarios drive, where the seed's pod can make them. */
async function listFlows(): Promise<readonly BoundaryFlow[]> {
  const loaded = await loadScenarioFiles(listScenarioFiles(SCENARIO_FOLDER));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.findings));
  const driven = loaded.value.flatMap(({ scenario }) =>
    MANNERS.flatMap((manner) =>
      Object.keys(scenario[manner] ?? {}).flatMap((text) => {
        const parsed = parseFlowText(text, OWN.shape);
        if (!parsed.ok || !isOfSeedsPod(text)) return [];
        const flow = resolveFlow(parsed.value, DEFAULT_ADDRESSES, OWN.shape);
        return hasBorrowedAddress(flow) ? [] : [{ flow, manner }];
      }),
    ),
  );
  const boundary = [OWN, WRITTEN].flatMap((capture) => boundaryFlows(demandsOf(capture, [])));
  return [
    ...new Map(
      [...boundary, ...driven].map((each) => [`${renderFlowText(each.flow.spec)} ${each.manner}`, each]),
    ).values(),
  ];
}

/** The seed's pod has no interface of a virtual machine, and `::6` is none of its addresses. */
const isOfSeedsPod = (text: string) => !/^vm|@\[?::6/.test(text);

/** The sidecar of the seed has no socket with another host's address, and the contract by hand says nothing of any. */
const hasBorrowedAddress = ({ from }: Flow) =>
  hostOfActor(from.actor) === "pod" &&
  !isLoopback(from.address) &&
  addressOwner(from.address, DEFAULT_ADDRESSES) !== "pod";

const MANNERS = ["answer", "forward"] as const;
const flows = await listFlows();

describe("the seed's contract, written by hand, and the mesh's own", () => {
  const [own, written] = [OWN, WRITTEN].map((capture) => {
    const demands = demandsOf(capture, flows);
    return flows.map(({ flow, manner }) => demandedLanding(flow, manner, demands)?.landing ?? null);
  });
  const phrase = (landing: Expectation | null | undefined) => (landing ? describeLanding(landing) : "anything");
  const text = ({ flow, manner }: BoundaryFlow, landing: Expectation | null | undefined) =>
    `${renderFlowText(flow.spec)} (${manner}): ${phrase(landing)}`;

  test("demand the same landing of every flow", () => {
    expect(flows.length).toBeGreaterThan(300);
    expect(flows.map((flow, i) => text(flow, written?.[i]))).toEqual(flows.map((flow, i) => text(flow, own?.[i])));
  });

  test("give every mutant of the rules the same verdict, and fail most of them", () => {
    const spec = makePodSpec(
      OWN,
      flows.map(({ flow }) => flow),
      [],
      DEFAULT_ADDRESSES,
      [RULES],
    );
    const mutants = makeMutants(RULES);
    const verdicts = mutants.map(({ name, rules }) => {
      const simulator = compilePod(rules, spec, DEFAULT_ADDRESSES);
      const landed = flows.map(({ flow, manner }) => simulator.land(flow, manner));
      const isBroken = (demanded: readonly (Expectation | null)[] | undefined) =>
        landed.some((landing, i) => {
          const wanted = demanded?.[i] ?? null;
          return wanted !== null && !meetsExpectation(wanted, landing);
        });
      return { name, own: isBroken(own), written: isBroken(written) };
    });
    expect(verdicts.filter((verdict) => verdict.own !== verdict.written)).toEqual([]);
    expect(verdicts.filter((verdict) => verdict.own).length).toBeGreaterThan(mutants.length / 2);
  });
});
