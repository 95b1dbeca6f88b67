import { LandfallError } from "../../errors.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import { askFlows } from "../scenario/asked-flows.ts";
import { type BoundFlow, narrowScenario } from "../scenario/bound-scenario.ts";
import type { ClassPlan } from "./class-plan.ts";

/** Gives all flows that a plan drives, those of the scenario's own pod first. */
export function listPlanned({ scenario, further }: ClassPlan): readonly BoundFlow[] {
  return [scenario, ...further].flatMap(({ flows }) => flows);
}

/**
 * Leaves of a plan's flows those that patterns of `--flows` ask for. Throws `bad-input` where a pattern asks for none: nothing has been
 * applied by then.
 */
export function narrowPlan(plan: ClassPlan, patterns: readonly string[], addresses: SandboxAddresses): ClassPlan {
  const { shape } = plan.scenario.capture;
  const flows = listPlanned(plan).map(({ flow }) => flow);
  const asked = askFlows(patterns, [{ flows, shape, addresses }]);
  const message = "A pattern of --flows matches no flow; nothing was applied.";
  if (!asked.ok) throw new LandfallError("bad-input", message, { findings: asked.findings });
  const texts = asked.value[0] ?? new Set();
  const further = plan.further.map((pod) => narrowScenario(pod, patterns, texts));
  return {
    ...plan,
    scenario: narrowScenario(plan.scenario, patterns, texts),
    further: further.filter((pod) => pod.flows.length > 0),
  };
}
