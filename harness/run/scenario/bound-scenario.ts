import { type BoundaryFlow, boundaryFlows } from "../../contract/boundary-flows.ts";
import { findExpectation } from "../../contract/expectation.ts";
import { resolveLanding } from "../../contract/expected-landing.ts";
import type { Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { type Expectation, isLanding } from "../../model/expectation.ts";
import type { Flow, Manner } from "../../model/flow.ts";
import { resolveFlow } from "../../model/flow-resolution.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { type Landing, landingsAgree } from "../../model/landing.ts";
import { APP_PORTS, type PodSpec, type SandboxAddresses } from "../../model/pod.ts";
import { behindRealEnvoy, dialsOn, findListener } from "../../model/pod-shape.ts";
import type { FlowReport } from "../../model/report.ts";
import type { RequiredBy } from "../../model/required-by.ts";
import type { Installation } from "../../sandbox/sandbox.ts";
import { makePodSpec } from "../pod-spec.ts";
import { openNamedPorts } from "./named-ports.ts";
import type { ParsedScenario, WrittenFlow } from "./parsed-scenario.ts";
import { testedFamilies } from "./tested-families.ts";

/**
 * One flow to be driven, and where it must land.
 *
 * @example
 * { flow, manner: "answer", expected: { kind: "listener", listener: "envoy-inbound", port: 15006, … } }
 */
export interface BoundFlow {
  readonly flow: Flow;
  readonly manner: Manner;
  readonly expected: Expectation;
  /**
   * Where a flow in the manner `answer` must end if a real Envoy takes it as expected: what the contract demands once the proxy
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
  readonly requiredBy: RequiredBy;
  /** In the addresses of the sandbox. */
  readonly capture: Capture;
  readonly installation: Installation;
  readonly spec: PodSpec;
  /** Ports that the app is to listen on beside the usual ones; those that the proxy takes are not in `spec`. */
  readonly listen: readonly number[];
  /** In the scenario's order. */
  readonly flows: readonly BoundFlow[];
  /** Where some flows are asked for: the patterns, and all flows, of which `flows` are those. */
  readonly asked?: { readonly patterns: readonly string[]; readonly among: readonly BoundFlow[] };
  /** The families that the scenario says something of. */
  readonly families: readonly Family[];
  /** Families of the pod that nobody gave rules for. */
  readonly notLookedAt: readonly Family[];
}

/**
 * Gives a scenario in the addresses of a sandbox: its flows and what each must land on, the pod that they need, and what to install. Its
 * boundary flows, if it has no flows of its own, are made here.
 */
export function bindScenario(scenario: ParsedScenario, addresses: SandboxAddresses): BoundScenario {
  const { name, claim, requiredBy, notLookedAt = [] } = scenario;
  const capture = scenario.capture.placeIn(addresses);
  const installation = bindInstallation(scenario.installation, capture);
  const bound: BoundScenario = {
    name,
    claim,
    requiredBy,
    installation,
    capture,
    families: testedFamilies(scenario),
    notLookedAt,
    listen: scenario.listen,
    ...bindFlows({ ...scenario, capture }, addresses),
  };
  const { patterns = [], texts = null } = scenario.asked ?? {};
  return texts === null ? bound : narrowScenario(bound, patterns, texts);
}

/** Leaves of a scenario's flows those with these texts. Its pod, and so where each flow lands, stays as it is for all. */
export function narrowScenario(
  bound: BoundScenario,
  patterns: readonly string[],
  texts: ReadonlySet<string>,
): BoundScenario {
  const { flows: among } = bound;
  return {
    ...bound,
    flows: among.filter(({ flow }) => texts.has(renderFlowText(flow.spec))),
    asked: { patterns, among },
  };
}

/** The sandbox's pod always has both families: an init container that looks for itself could not tell an IPv6 pod. */
function bindInstallation(installation: Installation, { podIps }: Capture): Installation {
  if (installation.kind !== "capture") return installation;
  return { ...installation, flags: [...installation.flags, "--pod-ip", podIps.join(",")] };
}

function bindFlows(scenario: ParsedScenario, addresses: SandboxAddresses): Pick<BoundScenario, "spec" | "flows"> {
  const { capture, installation, listen } = scenario;
  const flows =
    scenario.flows === "boundaries"
      ? demandFlows(scenario, addresses)
      : resolveFlows(scenario.flows, capture, addresses);
  const made = makePodSpec(
    capture,
    flows.map(({ flow }) => flow),
    listen,
    addresses,
    installation.kind === "script" ? [] : [installation.rules],
  );
  const spec = scenario.flows === "boundaries" ? openNamedPorts(made, capture, addresses) : made;
  const bound = flows.flatMap(({ flow, manner, demand }): readonly BoundFlow[] => {
    const expected = demand(spec);
    return expected === null ? [] : [{ flow, manner, expected }];
  });
  if (scenario.rulesOf === "author") return { spec, flows: bound };
  return { spec, flows: bound.map((flow) => ({ ...flow, ...demandEnd(flow, capture, addresses, spec) })) };
}

/**
 * Gives where a flow must end behind a real Envoy, as `{ forwarded }`: where the author and the contract agree on who takes the flow, the
 * contract says what the proxy then makes of it. Gives `{}` where nothing is demanded: for datagrams, for flows in the manner *forward*,
 * and where no proxy takes the flow.
 */
export function demandEnd(
  { flow, manner, expected }: BoundFlow,
  capture: Capture,
  addresses: SandboxAddresses,
  spec: PodSpec,
): Pick<BoundFlow, "forwarded"> {
  const taker = findListener(spec.shape, expected.listener);
  // Datagrams are answered, and never forwarded.
  if (manner === "forward" || flow.protocol !== "tcp" || taker === undefined || !dialsOn(taker) || !isLanding(expected))
    return {};
  const demanded = findExpectation(capture, flow, "answer", addresses, spec);
  if (demanded === null || !isLanding(demanded) || !landingsAgree(expected, demanded)) return {};
  const forwarded = findExpectation(capture, flow, "forward", addresses, behindRealEnvoy(spec));
  return forwarded !== null && isLanding(forwarded) ? { forwarded } : {};
}

/** A flow whose landing depends on what stands in the sandbox, and that on the flows. */
interface UnboundFlow extends Omit<BoundFlow, "expected"> {
  /** Null where nothing is demanded of it, so that there is nothing to drive. */
  readonly demand: (spec: PodSpec) => Expectation | null;
}

/** Gives the boundary flows of a capture's contract (`boundaryFlows`) in the addresses of a sandbox, each with its manner. */
export function listBoundaryFlows(capture: Capture, addresses: SandboxAddresses): readonly BoundaryFlow[] {
  const peers = { listen: APP_PORTS, upstreamPorts: [], clientPorts: [], upstreamAddresses: [] };
  return boundaryFlows({ contract: capture.contractFor(addresses), shape: capture.shape, addresses, peers });
}

function demandFlows(scenario: ParsedScenario, addresses: SandboxAddresses): readonly UnboundFlow[] {
  const { capture } = scenario;
  const tested = testedFamilies(scenario);
  return listBoundaryFlows(capture, addresses)
    .filter(({ flow }) => tested.includes(flow.family))
    .map(({ flow, manner }) => ({
      flow,
      manner,
      demand: (spec) => findExpectation(capture, flow, manner, addresses, spec),
    }));
}

function resolveFlows(
  written: readonly WrittenFlow[],
  { shape }: Capture,
  addresses: SandboxAddresses,
): readonly UnboundFlow[] {
  return written.map(({ flow: text, manner, landing }) => {
    const flow = resolveFlow(text, addresses, shape);
    return { flow, manner, demand: () => resolveLanding(landing, flow, { shape, addresses }) };
  });
}
