import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { captureOf, SHAPE } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";
import { median } from "./figure.ts";

/** How many flows a second the simulator lands on the seed rules, the trace off. */
export interface SimulatorFigure {
  readonly flowsPerSecond: number;
  /** Median of the rounds. */
  readonly rounds: number;
}

const FLOWS = [
  ...["client -> pod:8080", "client -> pod:22", "client -> pod:15020", "client -> pod:81"],
  ...["app -> upstream:80", "app -> 10.96.0.1:443", "root -> upstream:80", "envoy -> upstream:80"],
  ...["app -> pod:8080", "envoy -> pod:8080", "envoy@127.0.0.6 -> pod:8080", "app -> localhost:8080"],
];
const ROUNDS = 7;
const FLOWS_A_ROUND = 60_000;

/** Measures the simulator on the seed command's rules: every built-in kind of flow in turn, in the manner *answer*. */
export function measureSimulator(): SimulatorFigure {
  const config = seedConfig();
  const flows = FLOWS.map((text) => {
    const flow = parseFlowText(text, SHAPE);
    if (!flow.ok) throw new TypeError(flow.findings[0]?.message);
    return resolveFlow(flow.value, DEFAULT_ADDRESSES, SHAPE);
  });
  const pod = compilePod(
    generateRules(config),
    makePodSpec(captureOf(config), flows, [], DEFAULT_ADDRESSES),
    DEFAULT_ADDRESSES,
  );
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < FLOWS_A_ROUND / flows.length; i++) for (const flow of flows) pod.land(flow, "answer");
    return FLOWS_A_ROUND / ((performance.now() - start) / 1000);
  });
  return { flowsPerSecond: Math.round(median(rates)), rounds: ROUNDS };
}

if (import.meta.main) console.table(measureSimulator());
