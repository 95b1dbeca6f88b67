import { type Family, parseAddress, parseNetwork } from "../../model/address.ts";
import type { FlowProtocol } from "../../model/flow.ts";
import { NO_PORTS } from "../../model/flow-set.ts";
import { MAX_ID, MAX_PORT, PASS_THROUGH_IPV6, type SandboxAddresses, vmGateway } from "../../model/pod.ts";
import { networkRanges, subtractRanges, type ValueRanges, wholeFamily } from "../../model/value-ranges.ts";
import type { Lane, LaneSocket } from "./lane.ts";

/** A socket like most. */
const PLAIN_SOCKET: LaneSocket = { ports: null, mark: 0 };

/** Addresses no connection can be made to, or none of which Node would make as this family: unspecified, multicast, mapped IPv4. */
const NOT_CONNECTABLE: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "224.0.0.0/3"],
  6: ["::/128", "::ffff:0:0/96", "ff00::/8", "fe80::/10"],
};
const LOOPBACK: Readonly<Record<Family, string>> = { 4: "127.0.0.0/8", 6: "::1/128" };
const PORTS: ValueRanges = [[1n, BigInt(MAX_PORT)]];
const ANY_ID: ValueRanges = [[0n, BigInt(MAX_ID)]];
const ROOT: ValueRanges = [[0n, 0n]];

const BORROWED = "from the pod, bound to another host's address, to its own address";

/** What lanes depend on beside the family. */
export interface LaneSetting {
  readonly addresses: SandboxAddresses;
  /** Interfaces behind which virtual machines may stand. */
  readonly links: readonly string[];
  /** Whether the pod has such an interface whoever dials; `absent`: only rules name one, and its addresses are upstream's elsewhere. */
  readonly vm: "there" | "absent";
  /** Whether sockets of the pod may have addresses of other hosts, because a proxy dials from them. */
  readonly borrowed: "there" | "absent";
  /** Whether `::6` is one of the pod's addresses (IPv6 only). */
  readonly passThrough: "there" | "absent";
}

/** Gives every lane of a family, by TCP. */
export function listLanes(family: Family, setting: LaneSetting): readonly Lane[] {
  return listRoads(family, setting).map((lane) => ({ ...lane, road: lane.name }));
}

type Road = Omit<Lane, "road">;

function listRoads(
  family: Family,
  { addresses, links, vm: vmState, borrowed, passThrough }: LaneSetting,
): readonly Road[] {
  const pod = single(addresses.pod[family]);
  const through = family === 6 && passThrough === "there" ? [single(PASS_THROUGH_IPV6)] : [];
  const loopback = [...rangesOf(LOOPBACK[family]), ...through];
  // Where the pod does not own ::6 it is nobody's: the sandbox dials it from itself alone, as the proxy does, and that cannot be bound.
  const absent = family === 6 && passThrough === "absent" ? [single(PASS_THROUGH_IPV6)] : [];
  const vm = single(addresses.vm[family]);
  // The pod's own end of the one link that a lane has.
  const near = single(vmGateway(0, addresses)[family]);
  // The pod's own ends of the links to virtual machines are the sandbox's make, and no flow's business.
  const gateways = (vmState === "there" ? links : []).map((_, link) => single(vmGateway(link, addresses)[family]));
  const foreign = subtractRanges(wholeFamily(family), [
    ...NOT_CONNECTABLE[family].flatMap(rangesOf),
    ...loopback,
    pod,
    ...gateways,
    ...absent,
  ]);
  const unbound =
    family === 4
      ? [{ sources: [single("127.0.0.1")], destinations: loopback }]
      : loopback.map((own) => ({ sources: [own], destinations: [own] }));
  const bound = [
    ["from the pod, bound to a loopback address, to itself", "itself", loopback, [...loopback, pod], unbound],
    ["from the pod, bound to its own address, to loopback", "loopback", [pod], loopback, []],
    // IPv4 lets no socket with a loopback source connect to elsewhere (EINVAL, `__mkroute_output` in net/ipv4/route.c); IPv6 does.
    ...(family === 4
      ? []
      : [["from the pod, bound to a loopback address, to elsewhere", "elsewhere", loopback, foreign, []] as const]),
  ] as const;
  const fromLoopback = family === 4 ? [single("127.0.0.1")] : "destination";
  const routed = [
    ["from the pod to elsewhere", "elsewhere", [pod], foreign],
    ["from the pod to its own address", "itself", "destination", [pod]],
    ["from the pod to loopback", "loopback", fromLoopback, loopback],
  ] as const;
  const plain = { protocol: "tcp", ports: PORTS, without: [], socket: PLAIN_SOCKET, sockets: "all" } as const;
  const fromPod = { ...plain, host: "pod", uids: ANY_ID, gids: ANY_ID, link: null } as const;
  const fromOutside = { ...plain, uids: ROOT, gids: ROOT } as const;
  const outsiders = subtractRanges(foreign, [single(addresses.upstream[family]), ...(vmState === "there" ? [vm] : [])]);
  return [
    ...routed.map(
      ([name, to, sources, destinations]): Road => ({
        ...fromPod,
        name,
        ends: ["pod", to],
        binding: "route",
        sources,
        destinations,
      }),
    ),
    ...bound.map(
      ([name, to, sources, destinations, without]): Road => ({
        ...fromPod,
        name,
        ends: ["pod", to],
        binding: "bound",
        sources,
        destinations,
        without,
      }),
    ),
    ...(borrowed === "there" ? [foreign] : []).map(
      (sources): Road => ({
        ...fromPod,
        name: BORROWED,
        ends: ["pod", "itself"],
        binding: "bound",
        sources,
        destinations: [pod],
        sockets: "marked",
      }),
    ),
    {
      ...fromOutside,
      name: "from outside to the pod",
      ends: ["outside", "pod"],
      host: "client",
      binding: "route",
      sources: outsiders,
      destinations: [pod],
      link: null,
    },
    {
      ...fromOutside,
      name: "from upstream to the pod",
      ends: ["upstream", "pod"],
      host: "upstream",
      binding: "route",
      sources: [single(addresses.upstream[family])],
      destinations: [pod],
      link: null,
    },
    // A link that only rules name is one that some pods have: what the pod sends over it meets other rules than what leaves by eth0.
    ...(vmState === "there" ? [] : links).map(
      (link): Road => ({
        ...fromPod,
        name: `from the pod to the machine behind ${link}`,
        ends: ["pod", `machine behind ${link}`],
        binding: "route",
        sources: [near],
        destinations: [vm],
        link,
      }),
    ),
    ...links.map(
      (link): Road => ({
        ...fromOutside,
        name: `from the machine behind ${link}`,
        ends: [`machine behind ${link}`, "anywhere"],
        host: "vm",
        binding: "route",
        sources: [vm],
        destinations: subtractRanges([...foreign, pod], [vm, near]),
        link,
      }),
    ),
  ];
}

function single(address: string): readonly [bigint, bigint] {
  const value = parseAddress(address)?.value ?? 0n;
  return [value, value];
}

function rangesOf(text: string): ValueRanges {
  return [parseNetwork(text)].flatMap((network) => (network ? networkRanges(network) : []));
}

/** Gives lanes as they are by another protocol: whatever tells flows apart by their ends is the same for all. */
export function switchProtocol(lanes: readonly Lane[], protocol: FlowProtocol): readonly Lane[] {
  if (protocol === "tcp") return lanes;
  const named = (text: string) => `${text}, by ${protocol.toUpperCase()}`;
  // No datagram is sent from another host's address: its answers would go there.
  const possible = lanes.filter(({ sockets }) => sockets === "all");
  const ports = protocol === "icmp" ? { ports: NO_PORTS } : {};
  return possible.map((lane) => ({ ...lane, ...ports, protocol, name: named(lane.name), road: named(lane.road) }));
}
