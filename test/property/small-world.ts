import type { AnalysisSetting } from "../../harness/analysis/flows/partition.ts";
import type { Family } from "../../harness/model/address.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { findRouteSource, resolveFlow } from "../../harness/model/flow-resolution.ts";
import type { FlowSet } from "../../harness/model/flow-set.ts";
import { parseFlowSet } from "../../harness/model/flow-set-text.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import { APP_PORTS, DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING, PASS_THROUGH_ON_LO, type PolicyRouting } from "../../harness/model/policy-routing.ts";
import { SHAPE, shapeOf } from "../istio-pod.ts";

/** Ports, and uids and gids, of a small world's flows; rules know all but the last of each. */
export const PORTS = [78, 79, 80, 81, 8080, 15001, 15006, 9];
export const IDS = [999, 1000, 1337, 5];

/** What a small world is made of: the addresses that its flows and rules know. */
export interface WorldParts {
  readonly name: string;
  readonly family: Family;
  /** The pod's own addresses. */
  readonly own: readonly string[];
  /** Addresses that upstream owns; rules know all but the last. */
  readonly services: readonly string[];
  /** Networks that hold some of those and no others of the world in part. */
  readonly networks: readonly string[];
  /** Sets of flows that an analysis may be restricted to. */
  readonly sets: readonly string[];
  readonly passThrough: AnalysisSetting["passThrough"];
}

/**
 * Flows of one family so few that each can be looked at. Rules know no other value than theirs and ranges of them, so that whatever lies
 * outside is treated as the last of each list is.
 */
export interface SmallWorld extends WorldParts {
  readonly peers: readonly string[];
  readonly spec: PodSpec;
  readonly policyRouting: PolicyRouting;
  /** Every owner to each address, unbound and bound as the kernel allows, and both hosts outside to the pod. */
  readonly points: readonly Flow[];
  readonly flowSets: readonly FlowSet[];
}

function makeWorld(parts: WorldParts): SmallWorld {
  const { family, services, sets, passThrough } = parts;
  const peers = [DEFAULT_ADDRESSES.client[family], DEFAULT_ADDRESSES.upstream[family]];
  const adds = family === 6 && passThrough === "there";
  return {
    ...parts,
    peers,
    spec: {
      shape: shapeOf({ podIps: [DEFAULT_ADDRESSES.pod[family]] }),
      listen: APP_PORTS,
      upstreamPorts: PORTS,
      clientPorts: PORTS,
      upstreamAddresses: services,
    },
    policyRouting: { ...NO_POLICY_ROUTING, addresses: adds ? [PASS_THROUGH_ON_LO] : [] },
    points: PORTS.flatMap((port) => listFlows(parts, [...peers, ...services], port)).map(flowOf),
    flowSets: sets.map(setOf),
  };
}

/** IPv4 lets no socket with a loopback source connect to elsewhere; one bound to what its route gives anyway is as one not bound. */
function listFlows({ family, own }: WorldParts, beyond: readonly string[], port: number): readonly string[] {
  const [pod] = own;
  const write = (address: string) => (family === 6 ? `[${address}]` : address);
  const unbound = [...own, ...beyond].map((to) => `-> ${write(to)}`);
  const bound = own.flatMap((from) =>
    [...own, ...(family === 6 && from !== pod ? beyond : [])]
      .filter((to) => from !== findRouteSource("app", family, to, DEFAULT_ADDRESSES))
      .map((to) => `@${write(from)} -> ${write(to)}`),
  );
  const owners = IDS.flatMap((uid) => IDS.map((gid) => `uid=${uid},gid=${gid}`));
  const inside = owners.flatMap((owner) => [
    ...unbound.map((rest) => `${owner} ${rest}`),
    ...bound.map((rest) => owner + rest),
  ]);
  const outside = ["client", "upstream"].map((host) => (family === 6 ? `${host}6 -> pod6` : `${host} -> pod`));
  return [...inside, ...outside].map((flow) => `${flow}:${port}`);
}

function flowOf(text: string): Flow {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
}

function setOf(text: string): FlowSet {
  const parsed = parseFlowSet(text, "test", { addresses: DEFAULT_ADDRESSES, shape: SHAPE });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return parsed.value;
}

const SIX = {
  family: 6,
  services: ["2001:db8::", "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db9::9"],
  networks: ["2001:db8::1/128", "2001:db8::2/127", "2001:db8::/126", "::/125", "::6/128"],
} as const;
const SETS_OF_SIX = [
  "uid=999-1000 -> [2001:db8::/126]:79-81",
  "gid=1337 -> elsewhere6:*",
  "app -> [::/125]:80,8080",
  "uid=*@[::1] -> [2001:db8::/125]:*",
  "uid=*@[::/125] -> pod6:79",
  "client6 -> pod6:78-81",
  "upstream6 -> pod6:*",
];

/** One world of IPv4, and two of IPv6: in the second `::6` is nobody's. */
export const SMALL_WORLDS: readonly SmallWorld[] = [
  makeWorld({
    name: "IPv4",
    family: 4,
    own: [DEFAULT_ADDRESSES.pod[4], "127.0.0.1", "127.0.0.6", "127.0.0.9"],
    services: ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.9"],
    networks: ["192.0.2.1/32", "192.0.2.2/31", "192.0.2.0/30", "127.0.0.0/8"],
    sets: [
      "uid=999-1000 -> 192.0.2.0/30:79-81",
      "gid=1337 -> elsewhere:*",
      "app -> 127.0.0.0/8:80,8080",
      "uid=*@127.0.0.6 -> pod:*",
      "uid=*@127.0.0.0/8 -> 127.0.0.0/8:79",
      "client -> pod:78-81",
      "upstream -> pod:*",
    ],
    passThrough: "absent",
  }),
  makeWorld({
    ...SIX,
    name: "IPv6",
    own: [DEFAULT_ADDRESSES.pod[6], "::1", "::6"],
    sets: [...SETS_OF_SIX, "uid=*@[::6] -> pod6:*", "uid=*@[::/125] -> [::/125]:79"],
    passThrough: "there",
  }),
  makeWorld({
    ...SIX,
    name: "IPv6 without ::6",
    own: [DEFAULT_ADDRESSES.pod[6], "::1"],
    sets: SETS_OF_SIX,
    passThrough: "absent",
  }),
];
