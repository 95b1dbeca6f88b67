import { execFileSync } from "node:child_process";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startDockerWorld } from "../../harness/sandbox/docker/start.ts";
import { DEFAULT_SANDBOX_OPTIONS } from "../../harness/sandbox/open-sandbox.ts";
import seed from "../../scenarios/seed.ts";
import { bindCase } from "../conformance/cases.ts";
import { type Figure, makeFigure, median } from "./figure.ts";
import type { FlowFigures } from "./flows.ts";

const FLOWS = 400;
const EXECS = 10;

/** Measures one flow at a time in containers against the same in network namespaces, and against an exec for each flow. */
export async function measureDockerFlows(netns: Pick<FlowFigures, "flowMs" | "bareMs">): Promise<readonly Figure[]> {
  const world = await startDockerWorld({ ...DEFAULT_SANDBOX_OPTIONS, envoyProgram: null });
  await using sandbox = new AgentSandbox(world);
  const bound = bindCase(seed, sandbox.addresses);
  await sandbox.enter(bound.spec);
  await sandbox.install(bound.installation);
  const request = bound.flows.find(({ flow }) => renderFlowText(flow.spec) === "app -> upstream:80");
  if (!request) throw new RangeError("the seed scenario has no such flow");
  const seen = await sandbox.drive(Array.from({ length: FLOWS }, () => request));
  const flowMs = median(seen.map(({ durationMs }) => durationMs));
  const container = /docker exec\s+(?:-\S+\s+)*(\S+)/.exec(world.shellHint() ?? "")?.[1];
  const execMs = container ? median(Array.from({ length: EXECS }, () => timeExec(container))) : Number.NaN;
  return [
    makeFigure(
      "one flow in containers, over one in network namespaces",
      (flowMs - netns.flowMs) / netns.bareMs,
      "× connect more",
      1.5,
    ),
    makeFigure("  beside it: an exec for each flow", execMs / flowMs, "× a flow"),
  ];
}

function timeExec(container: string): number {
  const from = performance.now();
  execFileSync("docker", ["exec", container, "true"]);
  return performance.now() - from;
}
