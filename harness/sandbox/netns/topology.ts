import { FAMILIES } from "../../model/address.ts";
import { type HostName, POD_INTERFACE, type SandboxAddresses, vmGateway } from "../../model/pod.ts";
import { FORWARDING_SYSCTLS, HOST_SYSCTLS, type Sysctls } from "../pod/sysctls.ts";

/** What one network namespace is told: sysctls first, since new links take the defaults, then lines for `ip -batch`. */
export interface NamespacePlan {
  readonly namespace: HostName;
  readonly sysctls: Sysctls;
  readonly ip: readonly string[];
}

/** Hosts that hang on upstream, which is everybody's next hop. */
type Leaf = "pod" | "client";

/** Number of a host in its link's hardware addresses. */
const LINK_NUMBER: Readonly<Record<Leaf, number>> = { pod: 2, client: 3 };

/**
 * Beside what every host needs: ping sockets for every owner (Docker gives containers these), addresses that count at once, no link-local
 * ones nobody asked for, and no ICMPv6 redirects. Upstream sends one where a rule copies a packet for the pod itself to a gateway (TEE);
 * the pod would then look for its own address on the link, even after the rules are gone (rt6_do_redirect in net/ipv6/route.c). A host
 * that passes packets on heeds none anyway.
 */
const SYSCTLS: Sysctls = {
  ...HOST_SYSCTLS,
  "net/ipv4/ping_group_range": "0 2147483647",
  "net/ipv6/conf/all/disable_ipv6": "0",
  "net/ipv6/conf/default/disable_ipv6": "0",
  "net/ipv6/conf/default/accept_ra": "0",
  "net/ipv6/conf/default/accept_redirects": "0",
  "net/ipv6/conf/default/addr_gen_mode": "1",
};

/**
 * Gives the plan of a host with one link, `eth0`, to upstream, and all its routes through it. Neighbours are permanent: a rule that
 * rejects neighbour discovery must not decide how a flow ends. `upstreamPath` is the path of upstream's namespace.
 */
export function planLeaf(host: Leaf, addresses: SandboxAddresses, upstreamPath: string): NamespacePlan {
  const [near, far] = hardwareAddresses(host);
  const { upstream } = addresses;
  const own = addresses[host];
  return {
    namespace: host,
    sysctls: SYSCTLS,
    ip: [
      "link set lo up",
      `link add ${POD_INTERFACE} address ${near} type veth peer name ${host} address ${far} netns ${upstreamPath}`,
      `address add ${own[4]}/32 dev ${POD_INTERFACE}`,
      `address add ${own[6]}/128 dev ${POD_INTERFACE} nodad`,
      `link set ${POD_INTERFACE} up`,
      ...FAMILIES.flatMap((family) => [
        `neighbour add ${upstream[family]} lladdr ${far} dev ${POD_INTERFACE} nud permanent`,
        `route add default via ${upstream[family]} dev ${POD_INTERFACE} onlink`,
      ]),
    ],
  };
}

/** Gives the plan of upstream, whose links the leaves' plans have made; it has no default route, so nothing goes any further. */
export function planUpstream(addresses: SandboxAddresses): NamespacePlan {
  const { upstream, pod, vm } = addresses;
  const leaves = ["pod", "client"] as const;
  return {
    namespace: "upstream",
    sysctls: { ...SYSCTLS, ...FORWARDING_SYSCTLS },
    ip: [
      "link set lo up",
      `address add ${upstream[4]}/32 dev lo`,
      // Even on lo an address counts at once only without duplicate address detection: the kernel ends that on a work queue.
      `address add ${upstream[6]}/128 dev lo nodad`,
      ...leaves.flatMap((host) => [
        `link set ${host} up`,
        ...FAMILIES.flatMap((family) => [
          `neighbour add ${addresses[host][family]} lladdr ${hardwareAddresses(host)[0]} dev ${host} nud permanent`,
          `route add ${addresses[host][family]} dev ${host} src ${upstream[family]}`,
        ]),
      ]),
      ...FAMILIES.map((family) => `route add ${vm[family]} via ${pod[family]} dev pod src ${upstream[family]}`),
    ],
  };
}

/** Gives the pod's part of the links to `vm`, one for each interface; the pod passes on what the rules leave alone. */
export function planPodInterfaces(
  names: readonly string[],
  addresses: SandboxAddresses,
  vmPath: string,
): NamespacePlan {
  const ip = names.flatMap((name, i) => {
    const [near, far] = vmHardwareAddresses(i);
    const gateway = vmGateway(i, addresses);
    return [
      `link add ${name} address ${near} type veth peer name eth${i} address ${far} netns ${vmPath}`,
      `address add ${gateway[4]}/32 dev ${name}`,
      `address add ${gateway[6]}/128 dev ${name} nodad`,
      `link set ${name} up`,
    ];
  });
  const routes = FAMILIES.flatMap((family) => [
    `neighbour add ${addresses.vm[family]} lladdr ${vmHardwareAddresses(0)[1]} dev ${names[0]} nud permanent`,
    `route add ${addresses.vm[family]} dev ${names[0]} src ${vmGateway(0, addresses)[family]}`,
  ]);
  return { namespace: "pod", sysctls: FORWARDING_SYSCTLS, ip: names.length > 0 ? [...ip, ...routes] : [] };
}

/** Gives the vm's own part: its addresses, and everything by way of the first interface. */
export function planVm(addresses: SandboxAddresses): NamespacePlan {
  const { vm } = addresses;
  const gateway = vmGateway(0, addresses);
  return {
    namespace: "vm",
    sysctls: SYSCTLS,
    ip: [
      "link set lo up",
      `address add ${vm[4]}/32 dev ${POD_INTERFACE}`,
      `address add ${vm[6]}/128 dev ${POD_INTERFACE} nodad`,
      `link set ${POD_INTERFACE} up`,
      ...FAMILIES.flatMap((family) => [
        `neighbour add ${gateway[family]} lladdr ${vmHardwareAddresses(0)[0]} dev ${POD_INTERFACE} nud permanent`,
        `route add default via ${gateway[family]} dev ${POD_INTERFACE} onlink`,
      ]),
    ],
  };
}

/** The leaf's end and upstream's end; locally administered addresses. */
function hardwareAddresses(host: Leaf): readonly [string, string] {
  return [`02:00:00:00:0${LINK_NUMBER[host]}:01`, `02:00:00:00:0${LINK_NUMBER[host]}:02`];
}

function vmHardwareAddresses(index: number): readonly [string, string] {
  const number = (16 + index).toString(16);
  return [`02:00:00:00:${number}:01`, `02:00:00:00:${number}:02`];
}
