import { intendedLanding } from "../capture/intent.ts";
import { intendedFlows, proxyOwner } from "../capture/intent-flows.ts";
import { type Family, familyOf } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { resolveLanding } from "../model/expected-landing.ts";
import type { Flow, Manner } from "../model/flow.ts";
import { resolveFlow } from "../model/flow-resolution.ts";
import { type Landing, landingsAgree } from "../model/landing.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { FlowReport } from "../model/report.ts";
import type { Installation } from "../sandbox/sandbox.ts";
import { familiesOf, type ParsedScenario, type WrittenFlow } from "./parsed-scenario.ts";
import { makePodSpec } from "./pod-spec.ts";

/** One flow to be driven, and where it must land. */
export interface BoundFlow {
  readonly flow: Flow;
  readonly manner: Manner;
  readonly expected: Landing;
  /**
   * Where a flow in the manner `answer` must end if a real Envoy takes it as expected: what the capture config demands once the proxy
   * forwards. Absent where nothing is demanded: the proxy is not to take it, or the rules are the author's own.
   */
  readonly forwarded?: Landing;
  /** Absent for what the scenario itself is about. */
  readonly chosenFor?: FlowReport["chosenFor"];
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
  /** The families that the scenario says something of. */
  readonly families: readonly Family[];
  /** Families of the pod that nobody gave rules for. */
  readonly notLookedAt: readonly Family[];
}

/** Binds a scenario to a sandbox's addresses. */
export function bindScenario(scenario: ParsedScenario, addresses: SandboxAddresses): BoundScenario {
  const { name, claim, notLookedAt = [] } = scenario;
  const config = { ...scenario.config, podIps: scenario.config.podIps.map((ip) => addresses.pod[familyOf(ip)]) };
  const installation = bindInstallation(scenario.installation, config);
  return {
    name,
    claim,
    installation,
    config,
    families: familiesOf(scenario),
    notLookedAt,
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
  const bound = flows.map(({ flow, manner, demand }) => ({ flow, manner, expected: demand(spec) }));
  if (scenario.rulesOf === "author") return { spec, flows: bound };
  return { spec, flows: bound.map((flow) => ({ ...flow, ...demandEnd(flow, config, addresses, spec) })) };
}

/** Where the author and the config agree on who takes the flow, the config says what the proxy then makes of it. */
export function demandEnd(
  { flow, manner, expected }: BoundFlow,
  config: CaptureConfig,
  addresses: SandboxAddresses,
  spec: PodSpec,
): Pick<BoundFlow, "forwarded"> {
  const isTaken = expected.listener === "envoy-outbound" || expected.listener === "envoy-inbound";
  // The config speaks of TCP alone.
  if (manner === "forward" || !isTaken || flow.protocol !== "tcp") return {};
  const intended = intendedLanding(config, flow, "answer", addresses, spec);
  return landingsAgree(expected, intended)
    ? { forwarded: intendedLanding(config, flow, "forward", addresses, spec) }
    : {};
}

/** A flow whose landing depends on what stands in the sandbox, and that on the flows. */
interface UnboundFlow extends Omit<BoundFlow, "expected"> {
  readonly demand: (spec: PodSpec) => Landing;
}

function intendFlows(scenario: ParsedScenario, addresses: SandboxAddresses): readonly UnboundFlow[] {
  const { config } = scenario;
  const tested = familiesOf(scenario);
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
