import { describe, expect, test } from "vitest";
import { boundaryFlows } from "../../harness/contract/boundary-flows.ts";
import { type Demands, demandedLanding } from "../../harness/contract/demanded-landing.ts";
import { istio } from "../../harness/meshes/istio/mesh.ts";
import type { IstioSettings } from "../../harness/meshes/istio/settings.ts";
import type { MeshInput, PodFacts } from "../../harness/meshes/mesh.ts";
import type { Expectation } from "../../harness/model/expectation.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { NO_LOOKUPS } from "../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { readTyped } from "../typed-input.ts";
import { agreeBy, type DemandedFlow, findHoles } from "./mutant-holes.ts";

const INJECTED = istio.injected.words;
const DUAL = ["10.244.0.2", "fd00:244::2"];
const GROUPS = { ISTIO_OUTBOUND_OWNER_GROUPS: "2000,2001" };

/** Settings by name: words, the pod's addresses, resolvers, variables. */
const SETTINGS: readonly (readonly [
  name: string,
  words: readonly string[],
  pod?: { readonly addresses?: readonly string[]; readonly resolvers?: readonly string[] },
  environment?: MeshInput["environment"],
])[] = [
  ["the injected default", INJECTED],
  ["both families", [...INJECTED, "--dual-stack"], { addresses: DUAL }],
  ["DNS", [...INJECTED, "--redirect-dns"]],
  ["DNS of a server inside the pod", [...INJECTED, "--redirect-dns"], { resolvers: ["127.0.0.53", "10.96.0.11"] }],
  [
    "all DNS of both families",
    [...INJECTED, "--redirect-dns", "--capture-all-dns", "--dual-stack"],
    { addresses: DUAL },
  ],
  ["lists", ["-b", "80,8000:8100", "-i", "10.96.0.0/16", "-x", "10.96.8.0/24", "-q", "9999", "-o", "443"]],
  ["two uids and another gid", ["-u", "1337,2000", "-g", "7", "-b", "*", "-i", "*"]],
  ["groups", INJECTED, {}, GROUPS],
  [
    "groups that are left alone, with DNS",
    [...INJECTED, "--redirect-dns"],
    {},
    { ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE: "2000" },
  ],
  ["an excluded interface", [...INJECTED, "-c", "eth1", "-e", "25008"]],
  ["a virtual machine", ["-b", "*", "-i", "10.0.0.0/8", "-k", "eth1"]],
  ["a loopback network", INJECTED, {}, { ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: "127.0.0.0/8" }],
  ["loopback to be captured", ["-b", "*", "-i", "127.1.2.3/32"]],
  ["TPROXY", ["-m", "TPROXY", "-b", "*", "-i", "*", "-d", "15090,22", "--drop-invalid"]],
  [
    "TPROXY of listed ports with both families",
    ["-m", "TPROXY", "-b", "80,8080", "-i", "*", "-t", "1400", "-r", "140", "--dual-stack"],
    { addresses: DUAL },
  ],
  ["TPROXY with a virtual machine", ["-m", "TPROXY", "-b", "*", "-i", "10.0.0.0/8", "-k", "eth1", "-d", "22"]],
  ["TPROXY of a list with a virtual machine", ["-m", "TPROXY", "-b", "80,8080", "-i", "*", "-k", "eth1"]],
  ["TPROXY with an excluded interface", ["-m", "TPROXY", "-b", "*", "-i", "*", "-c", "eth1"]],
];

interface Subject {
  readonly settings: IstioSettings;
  readonly facts: PodFacts;
  readonly spec: PodSpec;
  readonly flows: readonly DemandedFlow[];
}

/** What stands in the pod. */
function makeSpec(settings: IstioSettings, facts: PodFacts, flows: readonly Flow[]): PodSpec {
  return makePodSpec({ shape: istio.shape(settings, facts) }, flows, [], DEFAULT_ADDRESSES);
}

function makeSubject([, words, pod, environment = {}]: (typeof SETTINGS)[number]): Subject {
  const { addresses = ["10.244.0.2"], resolvers = ["10.96.0.10"] } = pod ?? {};
  const facts: PodFacts = { addresses, resolvers, own: DEFAULT_ADDRESSES.pod, behindLink: DEFAULT_ADDRESSES.vm };
  const parsed = readTyped(istio, { words, environment, files: [], config: null, names: NO_LOOKUPS, pod: facts });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const { settings } = parsed.value;
  const peers = { listen: [], upstreamPorts: [], clientPorts: [], upstreamAddresses: [] };
  const demands: Demands = {
    contract: istio.contract(settings, facts),
    shape: istio.shape(settings, facts),
    addresses: DEFAULT_ADDRESSES,
    peers,
  };
  const flows = boundaryFlows(demands);
  const spec = makeSpec(
    settings,
    facts,
    flows.map(({ flow }) => flow),
  );
  return {
    settings,
    facts,
    spec,
    flows: flows.map(({ flow, manner }) => ({
      flow,
      manner,
      demanded: demandedLanding(flow, manner, { ...demands, peers: spec })?.landing ?? null,
    })),
  };
}

/** What two landings have in common although the simulator calls a listener beside Envoy's two the app's. */
function essence({ kind, port, host, originalDestination }: Expectation): string {
  return JSON.stringify({ kind, port, host, originalDestination });
}

describe("the generated rules land the flows at the contract's boundaries where the contract demands:", () => {
  test.each(SETTINGS.map((entry) => [entry[0], entry] as const))("%s", (_, entry) => {
    const { settings, facts, spec, flows } = makeSubject(entry);
    const simulator = compilePod(istio.generate(settings, facts), spec, DEFAULT_ADDRESSES);
    const judged = flows.filter(({ manner, demanded }) => manner === "answer" && demanded !== null);
    const named = (landing: Expectation | null) => (landing === null ? "" : essence(landing));
    expect(judged.length).toBeGreaterThan(60);
    expect(
      judged.map(({ flow, manner }) => `${renderFlowText(flow.spec)}: ${named(simulator.land(flow, manner))}`),
    ).toEqual(judged.map(({ flow, demanded }) => `${renderFlowText(flow.spec)}: ${named(demanded)}`));
  });
});

/** Every mutant that no boundary flow shows and that is not proven to land every flow alike. */
function findUnshown({ settings, facts, spec, flows }: Subject): readonly string[] {
  const judged = flows.filter(({ manner }) => manner === "answer");
  const agree = agreeBy(essence);
  return findHoles({ rules: istio.generate(settings, facts), spec, flows: judged, agree });
}

/** Settings whose mutants are searched one by one in seconds; with DNS or TPROXY the search takes a minute and more. */
const SEARCHED = [
  "the injected default",
  "both families",
  "lists",
  "groups",
  "two uids and another gid",
  "loopback to be captured",
];

describe("the flows at the contract's boundaries catch every mutant of the generated rules:", () => {
  test.each(SETTINGS.filter(([name]) => SEARCHED.includes(name)).map((entry) => [entry[0], entry] as const))(
    "%s",
    (_, entry) => {
      expect(findUnshown(makeSubject(entry))).toEqual([]);
    },
  );
});
