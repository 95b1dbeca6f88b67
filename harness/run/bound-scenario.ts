import { intendedLanding } from "../capture/intent.ts";
import { intendedFlows, proxyOwner } from "../capture/intent-flows.ts";
import { familyOf } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { resolveLanding } from "../model/expected-landing.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-text.ts";
import type { Landing } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { Installation } from "../sandbox/sandbox.ts";
import { familiesUnderTest, type ParsedScenario, type WrittenFlow } from "./parsed-scenario.ts";
import { makePodSpec } from "./pod-spec.ts";

/** One flow to be driven, and where it must land. */
export interface BoundFlow {
  readonly flow: Flow;
  readonly manner: Manner;
  readonly expected: Landing;
}

/** A scenario in the addresses of one sandbox: nothing is left to be resolved. */
export interface BoundScenario {
  readonly name: string;
  readonly claim: string;
  readonly config: CaptureConfig;
  readonly installation: Installation;
  readonly spec: PodSpec;
  /** Ports that the app is to listen on beside the usual ones; those that the proxy takes are not in `spec`. */
  readonly listen: readonly number[];
  /** In the scenario's order. */
  readonly flows: readonly BoundFlow[];
}

/** Binds a scenario to a sandbox's addresses. */
export function bindScenario(scenario: ParsedScenario, addresses: SandboxAddresses): BoundScenario {
  const { name, claim } = scenario;
  const config = { ...scenario.config, podIps: scenario.config.podIps.map((ip) => addresses.pod[familyOf(ip)]) };
  const installation = bindInstallation(scenario.installation, config);
  return {
    name,
    claim,
    installation,
    config,
    listen: scenario.listen,
    ...bindFlows({ ...scenario, config }, addresses),
  };
}

/** The sandbox's pod always has both families: an init container that looks for itself could not tell an IPv6 pod. */
function bindInstallation(installation: Installation, { podIps }: CaptureConfig): Installation {
  if (installation.kind !== "capture") return installation;
  return { ...installation, flags: [...installation.flags, "--pod-ip", podIps.join(",")] };
}

function bindFlows(scenario: ParsedScenario, addresses: SandboxAddresses): Pick<BoundScenario, "spec" | "flows"> {
  const { config, installation, listen } = scenario;
  const flows =
    scenario.flows === "intended" ? intendFlows(scenario, addresses) : resolveFlows(scenario.flows, config, addresses);
  const spec = makePodSpec(
    config,
    flows.map(({ flow }) => flow),
    listen,
    addresses,
    installation.kind === "script" ? [] : [installation.rules],
  );
  return { spec, flows: flows.map(({ flow, manner, demand }) => ({ flow, manner, expected: demand(spec) })) };
}

/** A flow whose landing depends on what stands in the sandbox, and that on the flows. */
interface UnboundFlow extends Omit<BoundFlow, "expected"> {
  readonly demand: (spec: PodSpec) => Landing;
}

function intendFlows({ config, installation }: ParsedScenario, addresses: SandboxAddresses): readonly UnboundFlow[] {
  const tested = familiesUnderTest(installation);
  return intendedFlows(config, addresses)
    .filter(({ flow }) => tested.includes(flow.family))
    .map(({ flow, manner }) => ({
      flow,
      manner,
      demand: (spec) => intendedLanding(config, flow, manner, addresses, spec),
    }));
}

function resolveFlows(
  written: readonly WrittenFlow[],
  config: CaptureConfig,
  addresses: SandboxAddresses,
): readonly UnboundFlow[] {
  const proxy = proxyOwner(config);
  return written.map(({ flow: text, manner, landing }) => {
    const flow = resolveFlow(text, addresses, proxy);
    return { flow, manner, demand: () => resolveLanding(landing, flow, addresses, config) };
  });
}
