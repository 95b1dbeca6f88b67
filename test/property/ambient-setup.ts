import { type BoundaryFlow, boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import { istioAmbient } from "../../harness/meshes/istio-ambient/mesh.ts";
import type { PodFacts } from "../../harness/meshes/mesh.ts";
import type { Expectation } from "../../harness/model/expectation.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { DEFAULT_ADDRESSES, type PodSpec, type SandboxAddresses } from "../../harness/model/pod.ts";
import type { PodShape } from "../../harness/model/pod-shape.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { readTyped } from "../typed-input.ts";
import type { DemandedFlow } from "./mutant-holes.ts";

/** Settings of ambient mode as flags, each with the name that a test has for them. */
export const AMBIENT_CASES: readonly (readonly [name: string, words: readonly string[]])[] = [
  ["the injected default", istioAmbient.injected.words],
  ["the agent's own default", []],
  [
    "a gateway with a virtual machine",
    [...istioAmbient.injected.words, "--bypass-inbound-capture", "--reroute-virtual-interfaces", "vm0"],
  ],
  [
    "a client in kubelet's place",
    [
      ...["--ambient-dns-capture", "--ambient-ipv6", "--host-probe-snat-ip", DEFAULT_ADDRESSES.client[4]],
      ...["--host-probe-snat-ipv6", DEFAULT_ADDRESSES.client[6]],
    ],
  ],
  ["DNS capture over IPv4 alone", ["--ambient-dns-capture"]],
  ["a virtual machine", ["--ambient-ipv6", "--reroute-virtual-interfaces", "vm0"]],
];

/** One case made ready: the mesh's rules as they are, the pod and the flows. */
export interface AmbientCase {
  readonly rules: PodRules;
  readonly spec: PodSpec;
  readonly flows: readonly DemandedFlow[];
}

/** Makes a case of settings. */
export function prepareAmbient(words: readonly string[], addresses: SandboxAddresses): AmbientCase {
  const pod: PodFacts = { addresses: [addresses.pod[4]], own: addresses.pod, resolvers: [] };
  const names = { user: () => null, group: () => null, service: () => null, routeTable: () => null };
  const parsed = readTyped(istioAmbient, { words, environment: {}, files: [], config: null, names, pod });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
  const { settings } = parsed.value;
  const demands: Demands = {
    contract: istioAmbient.contract(settings, pod),
    shape: istioAmbient.shape(settings, pod),
    addresses,
    peers: { listen: [], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
  };
  const flows = boundaryFlows(demands).filter(isForAnyProxy);
  const spec = makeSpec(
    flows.map(({ flow }) => flow),
    demands.shape,
    addresses,
  );
  return {
    rules: istioAmbient.generate(settings, pod),
    spec,
    flows: flows.map(({ flow, manner }) => ({
      flow,
      manner,
      demanded: demandedLanding(flow, manner, { ...demands, peers: spec })?.landing ?? null,
    })),
  };
}

/** Kind and port of a landing, of its hops too: names differ, since a pod of today knows two listeners of a proxy alone. */
export function outlineOf({ kind, port, originalDestination, hops }: Expectation): string {
  const via = hops.map((hop) => ` via ${hop.port}`).join("");
  return `${kind} ${port ?? ""}${originalDestination === null ? "" : ` of ${originalDestination}`}${via}`;
}

/** Leaves out what a sandbox's proxy of today forwards from ::6 to the pod itself: a pod in ambient mode has no such address. */
function isForAnyProxy({ flow, manner }: BoundaryFlow): boolean {
  return manner === "answer" || flow.family === 4 || flow.to.target !== "pod";
}

function makeSpec(flows: readonly Flow[], shape: PodShape, addresses: SandboxAddresses): PodSpec {
  return makePodSpec({ shape }, flows, [], addresses);
}
