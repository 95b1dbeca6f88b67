import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { DATAGRAM_TIMEOUT_MS } from "../../harness/sandbox/agents/dial-plan.ts";
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
  /** `flowMs` to `bareMs`, the median over rounds that take turns. */
  readonly ratio: number;
  /** The same of whole drives: per flow and per exchange everything that is done until all is confirmed and told. */
  readonly wholeRatio: number;
  /** What a hundred silent flows add to a suite of a hundred others, best round against best round, in time-outs. */
  readonly silentTimeouts: number;
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
  const [own, bareRules] = [bindRedirect(APP_PORT, sandbox), bindRedirect(BARE_PORT, sandbox)];
  await sandbox.enter(own.spec);
  const [redirected, silent] = own.flows;
  if (!redirected || !silent) throw new RangeError("the bench has no flow");
  const path = world.shellHint().split("--net=")[1] ?? "";
  await using ends = await startBareEnds("udp", path, redirected.flow.to);
  const rounds: { bareMs: number; flowMs: number; wholeRatio: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sandbox.install(bareRules.installation);
    const bare = await time(() => ends.dialInTurn(FLOWS_A_ROUND));
    await sandbox.install(own.installation);
    const driven = await time(() => sandbox.drive(repeat(redirected, FLOWS_A_ROUND)));
    const flowMs = median(listDurationsMs(driven.result, ({ port }) => port === APP_PORT));
    rounds.push({ bareMs: median(bare.result), flowMs, wholeRatio: driven.ms / bare.ms });
  }
  const suites: { others: number; all: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const others = await timeSuite(sandbox, repeat(redirected, SUITE));
    const all = await timeSuite(sandbox, [...repeat(redirected, SUITE), ...repeat(silent, SUITE)]);
    suites.push({ others, all });
  }
  const least = (which: "others" | "all") => Math.min(...suites.map((suite) => suite[which]));
  return {
    bareMs: median(rounds.map(({ bareMs }) => bareMs)),
    flowMs: median(rounds.map(({ flowMs }) => flowMs)),
    ratio: median(rounds.map(({ bareMs, flowMs }) => flowMs / bareMs)),
    wholeRatio: median(rounds.map(({ wholeRatio }) => wholeRatio)),
    silentTimeouts: (least("all") - least("others")) / DATAGRAM_TIMEOUT_MS,
  };
}

function repeat(request: FlowRequest, count: number): readonly FlowRequest[] {
  return Array.from({ length: count }, () => request);
}

async function timeSuite(sandbox: AgentSandbox, requests: readonly FlowRequest[]): Promise<number> {
  const { result: seen, ms } = await time(() => sandbox.drive(requests, { inFlight: IN_FLIGHT }));
  const silent = seen.filter(({ landing }) => landing.kind === "timed-out").length;
  if (silent !== requests.filter(({ flow }) => renderFlowText(flow.spec) === SILENT).length)
    throw new Error(`${silent} flows of the bench were silent`);
  return ms;
}

async function time<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const from = performance.now();
  const result = await act();
  return { result, ms: performance.now() - from };
}

if (import.meta.main) console.table(await measureDatagrams());
