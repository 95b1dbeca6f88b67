import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { FlowRequest } from "../../harness/sandbox/sandbox.ts";
import { bindCase } from "../conformance/cases.ts";
import { BARE_PORT, startBareEnds } from "./bare-ends.ts";
import { listDurationsMs } from "./durations.ts";
import { median } from "./figure.ts";

/** What driving UDP flows in network namespaces costs; milliseconds, medians. */
export interface DatagramFigures {
  /** A bare datagram and its answer by the same rules, by two threads of one process. */
  readonly bareMs: number;
  /** One UDP flow, driven and confirmed at both ends, one at a time. */
  readonly flowMs: number;
  /** `flowMs` to `bareMs`, the median over rounds that take turns. Target: at most 1.5. */
  readonly ratio: number;
  /** What a hundred silent flows add to a suite of a hundred others. Target: at most one time-out. */
  readonly silentMs: number;
}

const ROUNDS = 7;
const FLOWS_A_ROUND = 300;
const SUITE = 100;
/** As a scenario's flows are driven. */
const IN_FLIGHT = 192;
const FLOW = "app -> upstream:53/udp";
const SILENT = "app -> upstream:54/udp";
const APP_PORT = 8080;

function bindRedirect(port: number, sandbox: AgentSandbox) {
  const rules = [
    "*nat",
    `-A OUTPUT -p udp -m udp --dport 53 -m owner --uid-owner 1000 -j REDIRECT --to-ports ${port}`,
    "COMMIT",
    "*filter",
    "-A OUTPUT -p udp -m udp --dport 54 -j DROP",
    "COMMIT",
    "",
  ].join("\n");
  const answer = { [FLOW]: `app:${APP_PORT}`, [SILENT]: "timed-out" };
  const claim = "Datagrams redirected, and datagrams dropped.";
  return bindCase({ name: "bench", claim, capture: [], rules: { ip: rules }, answer }, sandbox.addresses);
}

/** Measures UDP flows in network namespaces; takes about ten seconds on two cores. Needs root. */
export async function measureDatagrams(): Promise<DatagramFigures> {
  const world = await startNetnsWorld();
  await using sandbox = new AgentSandbox(world);
  const [own, bare] = [bindRedirect(APP_PORT, sandbox), bindRedirect(BARE_PORT, sandbox)];
  await sandbox.enter(own.spec);
  const [redirected, silent] = own.flows;
  if (!redirected || !silent) throw new RangeError("the bench has no flow");
  const path = world.shellHint().split("--net=")[1] ?? "";
  await using ends = await startBareEnds("udp", path, redirected.flow.to);
  const rounds: { bareMs: number; flowMs: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sandbox.install(bare.installation);
    const bareMs = median(await ends.dialInTurn(FLOWS_A_ROUND));
    await sandbox.install(own.installation);
    const seen = await sandbox.drive(repeat(redirected, FLOWS_A_ROUND));
    rounds.push({ bareMs, flowMs: median(listDurationsMs(seen, ({ port }) => port === APP_PORT)) });
  }
  const added: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const others = await timeSuite(sandbox, repeat(redirected, SUITE));
    added.push((await timeSuite(sandbox, [...repeat(redirected, SUITE), ...repeat(silent, SUITE)])) - others);
  }
  return {
    bareMs: median(rounds.map(({ bareMs }) => bareMs)),
    flowMs: median(rounds.map(({ flowMs }) => flowMs)),
    ratio: median(rounds.map(({ bareMs, flowMs }) => flowMs / bareMs)),
    silentMs: median(added),
  };
}

function repeat(request: FlowRequest, count: number): readonly FlowRequest[] {
  return Array.from({ length: count }, () => request);
}

async function timeSuite(sandbox: AgentSandbox, requests: readonly FlowRequest[]): Promise<number> {
  const from = performance.now();
  const seen = await sandbox.drive(requests, { inFlight: IN_FLIGHT });
  const durationMs = performance.now() - from;
  const silent = seen.filter(({ landing }) => landing.kind === "timed-out").length;
  if (silent !== requests.filter(({ flow }) => renderFlowText(flow.spec) === SILENT).length)
    throw new Error(`${silent} flows of the bench were silent`);
  return durationMs;
}

if (import.meta.main) console.table(await measureDatagrams());
