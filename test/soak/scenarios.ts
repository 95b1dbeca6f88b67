import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { meetsExpectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { type NetnsWorld, startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { bindCase, CASES } from "../conformance/cases.ts";

/** What a run holds at one moment. */
export interface Holdings {
  readonly descriptors: number;
  readonly namespaces: number;
  readonly threads: number;
  readonly links: number;
  readonly residentBytes: number;
}

/** What a row of scenarios has shown. */
export interface Soak {
  readonly scenarios: number;
  /** Flows that landed elsewhere than expected, by name. */
  readonly wrong: readonly string[];
  /** After every case has run once, and after all of them. */
  readonly before: Holdings;
  readonly after: Holdings;
}

/** Of the agent's memory, after a thousand scenarios as after ten: its heap is bounded, and fills up to there. */
const MEMORY_GROWTH_AT_MOST = 1.2;

/** Cases whose flows wait for a time-out would only make the soak longer. */
const SLOW_CASES = ["rejected", "datagrams-lost", "datagrams-in-zones"];
const QUICK_CASES = CASES.filter(({ name }) => !SLOW_CASES.includes(name));

/**
 * Runs scenarios in a row in one sandbox of network namespaces and gives what it held early and late. At least as many as asked are run, in
 * whole rounds of all cases: the last case's pod is still there when the holdings are counted.
 */
export async function soakScenarios(atLeast: number): Promise<Soak> {
  const scenarios = Math.max(2, Math.ceil(atLeast / QUICK_CASES.length)) * QUICK_CASES.length;
  const world = await startNetnsWorld();
  await using sandbox = new AgentSandbox(world);
  const wrong: string[] = [];
  const runCase = async (index: number) => {
    const scenario = QUICK_CASES[index % QUICK_CASES.length];
    if (scenario) wrong.push(...(await findWrong(scenario, sandbox)));
  };
  for (let i = 0; i < QUICK_CASES.length; i++) await runCase(i);
  const before = await measureAtRest(world);
  for (let i = QUICK_CASES.length; i < scenarios; i++) await runCase(i);
  return { scenarios, wrong, before, after: await measureAtRest(world) };
}

async function findWrong(scenario: (typeof CASES)[number], sandbox: AgentSandbox): Promise<readonly string[]> {
  const bound = bindCase(scenario, sandbox.addresses);
  await sandbox.enter(bound.spec);
  await sandbox.install(bound.installation);
  const seen = await sandbox.drive(bound.flows, { inFlight: 16 });
  await sandbox.clear();
  return bound.flows.flatMap(({ flow, expected }, i) => {
    const landing = seen[i]?.landing;
    return landing && meetsExpectation(expected, landing)
      ? []
      : [`${scenario.name}: ${renderFlowText(flow.spec)} ${landing?.cause ?? ""}`];
  });
}

const AT_REST_WITHIN_MS = 5_000;

/** The last processes of a scenario end a little after it; at rest are holdings that are the same three times. */
async function measureAtRest(world: NetnsWorld): Promise<Holdings> {
  const deadline = Date.now() + AT_REST_WITHIN_MS;
  const seen: Holdings[] = [];
  while (Date.now() < deadline) {
    seen.push(await measureHoldings(world));
    const last = seen.slice(-3).map((each) => JSON.stringify({ ...each, residentBytes: 0 }));
    if (last.length === 3 && new Set(last).size === 1) break;
  }
  return seen.at(-1) ?? measureHoldings(world);
}

async function measureHoldings(world: NetnsWorld): Promise<Holdings> {
  const agent = world.stations.get("pod")?.agent;
  if (!agent) throw new RangeError("there is no pod");
  const { pid } = await agent.call("hello", { variant: "default" });
  const links = await agent.call("run", {
    namespace: "upstream",
    command: ["ip", "-o", "link"],
    environment: {},
    stdin: "",
    timeoutMs: 5_000,
  });
  const targets = [pid, process.pid].flatMap(readDescriptors);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    descriptors: targets.length,
    namespaces: targets.filter((target) => target.startsWith("net:[")).length,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1]),
    links: links.stdout.trim().split("\n").length,
    residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024,
  };
}

function readDescriptors(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

if (import.meta.main) {
  const { scenarios, wrong, before, after } = await soakScenarios(Number(process.argv[2] ?? 1_000));
  console.table({ before, after });
  console.log(`${scenarios} scenarios, ${wrong.length} flows wrong${wrong.map((each) => `\n${each}`).join("")}`);
  const grows = (["descriptors", "namespaces", "threads", "links"] as const).filter(
    (name) => after[name] > before[name],
  );
  const memory = after.residentBytes / before.residentBytes;
  process.exitCode = wrong.length === 0 && grows.length === 0 && memory < MEMORY_GROWTH_AT_MOST ? 0 : 1;
}
