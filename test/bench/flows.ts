import { SEED_WORDS } from "../../harness/meshes/istio-1.4/seed.ts";
import type { Landing } from "../../harness/model/landing.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { bindCase } from "../conformance/cases.ts";
import { BARE_PORT, startBareEnds } from "./bare-ends.ts";
import { listDurationsMs } from "./durations.ts";
import { median } from "./figure.ts";

/** What driving flows in network namespaces costs; milliseconds, medians. */
export interface FlowFigures {
  /** From nothing to a world with its listeners up. */
  readonly worldMs: number;
  /** A bare connect-and-read on the same rules, by two threads of one process. */
  readonly bareMs: number;
  /** One flow, driven and confirmed at both ends, one at a time. */
  readonly flowMs: number;
  /** `flowMs` to `bareMs`, the median over rounds that take turns. */
  readonly ratio: number;
  /** Flows a second, driven and confirmed, 64 in flight, the best round. */
  readonly flowsPerSecond: number;
  /** Both families' rules changed in the live pod. */
  readonly installMs: number;
}

const ROUNDS = 7;
const FLOWS_A_ROUND = 300;
const FLOWS_IN_PARALLEL = 2_000;
const INSTALLS = 15;
const FLOW = "app -> upstream:80";

function bindSeed(proxyPort: number, sandbox: AgentSandbox) {
  const capture = SEED_WORDS.with(1, `${proxyPort}`);
  const answer = { [FLOW]: `envoy-outbound:${proxyPort}` };
  return bindCase({ name: "bench", claim: "The seed's rules, one flow.", capture, answer }, sandbox.addresses);
}

/** Measures flows in network namespaces; takes about ten seconds on two cores. Needs root. */
export async function measureFlows(): Promise<FlowFigures> {
  const start = performance.now();
  const world = await startNetnsWorld();
  await using sandbox = new AgentSandbox(world);
  const [stub, bare] = [bindSeed(15001, sandbox), bindSeed(BARE_PORT, sandbox)];
  await sandbox.enter(stub.spec);
  const worldMs = performance.now() - start;
  const request = stub.flows[0];
  const path = world.shellHint().split("--net=")[1] ?? "";
  if (!request) throw new RangeError("the bench has no flow");
  await using ends = await startBareEnds("tcp", path, request.flow.to);

  const rounds: { bareMs: number; flowMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sandbox.install(bare.installation);
    const bareMs = median(await ends.dialInTurn(FLOWS_A_ROUND));
    await sandbox.install(stub.installation);
    const seen = await sandbox.drive(Array.from({ length: FLOWS_A_ROUND }, () => request));
    rounds.push({ bareMs, flowMs: median(listDurationsMs(seen, isAtProxy)) });
  }
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    const seen = await sandbox.drive(
      Array.from({ length: FLOWS_IN_PARALLEL }, () => request),
      { inFlight: 64 },
    );
    rates.push((FLOWS_IN_PARALLEL / (performance.now() - from)) * 1_000);
    listDurationsMs(seen, isAtProxy);
  }
  const installs: number[] = [];
  for (let i = 0; i < INSTALLS; i++) {
    const from = performance.now();
    await sandbox.install((i % 2 ? stub : bare).installation);
    installs.push(performance.now() - from);
  }
  return {
    worldMs,
    bareMs: median(rounds.map(({ bareMs }) => bareMs)),
    flowMs: median(rounds.map(({ flowMs }) => flowMs)),
    ratio: median(rounds.map(({ bareMs, flowMs }) => flowMs / bareMs)),
    flowsPerSecond: Math.max(...rates),
    installMs: median(installs),
  };
}

function isAtProxy({ listener }: Landing): boolean {
  return listener === "envoy-outbound";
}

if (import.meta.main) console.table(await measureFlows());
