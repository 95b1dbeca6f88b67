import type { Change } from "../analysis/diff.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow } from "../model/flow.ts";
import { parseFlowText, resolveFlow } from "../model/flow-text.ts";
import { type Landing, landingsAgree, makeLanding } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { PodRules } from "../model/ruleset.ts";
import { compilePod } from "../netfilter/simulator.ts";
import { makePodSpec } from "../run/pod-spec.ts";
import type { BackendChoice } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { openInterruptibleSandbox } from "./interruption.ts";

/** What the kernel made of a change's witness under both rule sets. */
export interface ObservedChange {
  readonly before: Landing;
  readonly after: Landing;
  /** `confirmed`: it landed as predicted both times. `not-observed`: the flow cannot be driven in a sandbox, or looking failed. */
  readonly verdict: "confirmed" | "contradicted" | "not-observed";
}

/** What is compared, and in what surroundings. */
export interface ObservationSetting {
  readonly before: PodRules;
  readonly after: PodRules;
  readonly config: CaptureConfig;
  readonly interceptionMode: PodSpec["interceptionMode"];
}

/** Drives every change's witness through one sandbox, first with the one rule set in it, then with the other. */
export async function observeChanges(
  backend: BackendChoice,
  changes: readonly Change[],
  setting: ObservationSetting,
): Promise<readonly ObservedChange[]> {
  await using sandbox = await openInterruptibleSandbox(backend);
  const flows = changes.map(({ witness }) => bindFlow(witness.flow, sandbox.addresses));
  const driven = flows.filter((flow) => canBeDriven(flow, sandbox.addresses));
  const { config, interceptionMode } = setting;
  const spec = { ...makePodSpec(config, driven, [], sandbox.addresses), interceptionMode };
  await sandbox.enter(spec);
  const before = await landAll(sandbox, setting.before, driven, spec);
  const after = await landAll(sandbox, setting.after, driven, spec);
  return flows.map((flow) => {
    const index = driven.indexOf(flow);
    return judge(before[index], after[index]);
  });
}

/** The witness's own text with this sandbox's addresses behind its names. */
function bindFlow(flow: Flow, addresses: SandboxAddresses): Flow {
  const parsed = parseFlowText(flow.flow);
  return parsed.ok ? resolveFlow(parsed.value, addresses, flow.from) : flow;
}

/** A client of the sandbox has its own address alone, and this sandbox has no virtual machine. */
function canBeDriven({ from, family }: Flow, addresses: SandboxAddresses): boolean {
  if (from.actor === "vm") return false;
  return from.actor !== "client" || from.address === addresses.client[family];
}

interface LandedTwice {
  readonly predicted: Landing;
  readonly observed: Landing;
}

async function landAll(
  sandbox: Sandbox,
  rules: PodRules,
  flows: readonly Flow[],
  spec: PodSpec,
): Promise<readonly LandedTwice[]> {
  const simulator = compilePod(rules, spec, sandbox.addresses);
  await sandbox.install({ kind: "rules", rules });
  const observations = await sandbox.drive(flows.map((flow) => ({ flow, manner: "answer" as const })));
  await sandbox.clear();
  return flows.map((flow, i) => ({
    predicted: simulator.land(flow, "answer"),
    observed: observations[i]?.landing ?? makeLanding("could-not-look"),
  }));
}

function judge(before: LandedTwice | undefined, after: LandedTwice | undefined): ObservedChange {
  if (!before || !after) {
    const landing = makeLanding("could-not-look", { cause: "no host of this sandbox can make the flow" });
    return { before: landing, after: landing, verdict: "not-observed" };
  }
  const both = [before, after];
  const isSeen = both.every(({ observed }) => observed.kind !== "could-not-look");
  const agrees = both.every(({ predicted, observed }) => landingsAgree(predicted, observed));
  const verdict = !isSeen ? "not-observed" : agrees ? "confirmed" : "contradicted";
  return { before: before.observed, after: after.observed, verdict };
}
