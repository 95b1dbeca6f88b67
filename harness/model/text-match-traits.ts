import type { HiddenAttribute } from "./target-traits.ts";

/** Matches that read bytes of the packet wherever they are told to. */
const READS_BYTES: readonly HiddenAttribute[] = ["checksum", "hop-limit", "length", "tcp-header", "tos"];

/** What matches that are kept as text can read, by module (iptables-extensions(8), 1.8.9). A module that is not here may read anything. */
const MODULE_READS = new Map<string | undefined, readonly HiddenAttribute[]>(
  Object.entries({
    ah: [],
    addrtype: [],
    bpf: [...READS_BYTES, "priority", "security-mark"],
    cgroup: [],
    cluster: [],
    connbytes: ["length"],
    connlabel: [],
    connlimit: [],
    conntrack: ["helper"],
    cpu: [],
    devgroup: [],
    dscp: ["tos"],
    ecn: ["tos", "tcp-header"],
    esp: [],
    hashlimit: ["length"],
    helper: ["helper"],
    hl: ["hop-limit"],
    icmp: [],
    icmp6: [],
    length: ["length"],
    limit: [],
    mac: [],
    nfacct: [],
    osf: [...READS_BYTES],
    physdev: [],
    pkttype: [],
    policy: [],
    quota: ["length"],
    rateest: ["rate"],
    realm: [],
    recent: ["hop-limit"],
    rpfilter: ["tos"],
    set: ["sets"],
    statistic: [],
    string: READS_BYTES,
    tcp: ["tcp-header"],
    tcpmss: ["tcp-header"],
    time: [],
    tos: ["tos"],
    ttl: ["hop-limit"],
    u32: READS_BYTES,
  }),
);

/** Gives what a match that is kept as text may read, by its text: `-m ttl --ttl-eq 64`. Null: anything. */
export function readsOf(text: string): readonly HiddenAttribute[] | null {
  return MODULE_READS.get(moduleOf(text)) ?? null;
}

/** Modules of which one packet may get another answer each time it is asked: they count, remember or draw. */
const ANSWERS_ANEW = ["connlimit", "hashlimit", "limit", "nfacct", "quota", "rateest", "recent", "set", "statistic"];

/**
 * Modules that read what no rule changes between two hooks, but for what the traits of targets tell: not addresses and ports, which
 * NAT rewrites, nor the socket, the interfaces, the route, or the hop limit, which forwarding lowers.
 */
const ANSWERS_ALIKE = [
  ...["ah", "cluster", "connlabel", "dscp", "ecn", "esp", "helper", "icmp", "icmp6", "length", "tcp", "tcpmss", "tos"],
];

/**
 * Says where a match that is kept as text answers one packet alike. `wherever it is asked`: it reads what nothing rewrites, as
 * `-m length --length 40`. `in one chain`: within a base chain and the chains that it leads to, as `-m u32 …` and `-m ttl --ttl-eq 64`;
 * between two of them NAT may rewrite what it reads. `nowhere`: it draws or counts, as `-m statistic …`, or nothing is known of it.
 */
export function answersAlike(text: string): "wherever it is asked" | "in one chain" | "nowhere" {
  const module = moduleOf(text);
  if (!MODULE_READS.has(module) || ANSWERS_ANEW.some((each) => each === module)) return "nowhere";
  return ANSWERS_ALIKE.some((each) => each === module) ? "wherever it is asked" : "in one chain";
}

/** Undefined where the text begins with no module. */
function moduleOf(text: string): string | undefined {
  return /^-m (\S+)/.exec(text)?.[1];
}
