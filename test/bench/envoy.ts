import { SEED_WORDS } from "../../harness/meshes/istio-1.4/seed.ts";
import type { BoundScenario } from "../../harness/run/scenario/bound-scenario.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { bindCase } from "../conformance/cases.ts";
import { median } from "./figure.ts";

/** What a real Envoy costs beside the stub, in network namespaces; milliseconds, medians. */
export interface EnvoyFigures {
  /** From asking for an Envoy to its listeners being open. */
  readonly startMs: number;
  /** One forwarded flow through the stub, from dialling to the answer. */
  readonly stubFlowMs: number;
  /** The same through Envoy. */
  readonly envoyFlowMs: number;
  /** The same from asking to the landing, Envoy's log read. */
  readonly envoyToldMs: number;
}

const STARTS = 7;
const FLOWS = 200;
const FLOW = "app -> upstream:80";

function bind(sandbox: Sandbox, proxyPort = 15001): BoundScenario {
  const capture = SEED_WORDS.with(1, `${proxyPort}`);
  const forward = { [FLOW]: "upstream:80 via envoy-outbound" };
  return bindCase({ name: "bench", claim: "The seed's rules, one flow.", capture, forward }, sandbox.addresses);
}

/** Measures; takes a few seconds. Needs root. */
export async function measureEnvoy(): Promise<EnvoyFigures> {
  const stub = await measureFlows("stub");
  const real = await measureFlows("real");
  return { startMs: real.startMs, stubFlowMs: stub.flowMs, envoyFlowMs: real.flowMs, envoyToldMs: real.toldMs };
}

async function measureFlows(envoy: "stub" | "real") {
  await using sandbox = await openSandbox("netns", { ...DEFAULT_SANDBOX_OPTIONS, envoy });
  const startMs = median(await inTurn(STARTS, async (i) => void (await sandbox.enter(bind(sandbox, 15100 + i).spec))));
  const { spec, installation, flows } = bind(sandbox);
  await sandbox.enter(spec);
  await sandbox.install(installation);
  const durations: number[] = [];
  const told = await inTurn(FLOWS, async () => {
    for (const { landing, durationMs } of await sandbox.drive(flows)) {
      if (landing.listener !== "upstream" || landing.hops.length !== 1) throw new Error(JSON.stringify(landing));
      durations.push(durationMs);
    }
  });
  return { startMs, flowMs: median(durations), toldMs: median(told) };
}

/** Gives how long each of `times` turns took. */
async function inTurn(times: number, act: (turn: number) => Promise<void>): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const start = performance.now();
    await act(turn);
    durations.push(performance.now() - start);
  }
  return durations;
}

if (import.meta.main) console.log(await measureEnvoy());
