import fc from "fast-check";
import { addressValue, renderAddress } from "../../harness/model/address.ts";
import type { TableName } from "../../harness/model/iptables-tables.ts";
import type { Rule } from "../../harness/model/ruleset.ts";
import type { SideEffectName, Target } from "../../harness/model/target.ts";
import { targetTraits } from "../../harness/model/target-traits.ts";
import { arbitraryAddress, arbitraryMark, arbitraryPort, arbitraryRange, type RulePosition } from "./arbitrary-rule.ts";

/** Where a target stands: its table, the chains below, and the protocol that its rule asks for. */
export interface TargetPosition extends RulePosition {
  readonly table: TableName;
  /** Chains that a rule may jump to. */
  readonly below: readonly string[];
  readonly protocol: string | null;
}

/**
 * Leaves out, of rules with TEE, those that may copy a datagram. Whoever passes the copy on brings it to its listener again, whose answer
 * is copied too: a storm; and where nobody passes it on, a socket of UDP heeds the error that comes of that, after seconds or at once. So
 * the simulator gives up on them, and there is nothing to compare.
 */
export const TEE_OF_DATAGRAMS = "TEE of datagrams";

type Arbitraries = readonly fc.Arbitrary<Target>[];

const ALWAYS_THE_SAME = { ports: null, flags: [] } as const;

/** For each kind the targets that this position takes, none where it takes none; the more there are, the oftener it is drawn. */
const TARGETS = {
  accept: () => [fc.constant<Target>({ kind: "accept" })],
  drop: () => [fc.constant<Target>({ kind: "drop" })],
  return: () => [fc.constant<Target>({ kind: "return" })],
  jump: ({ below }) => below.map((chain) => fc.constant<Target>({ kind: "jump", chain })),
  goto: ({ below }) => below.map((chain) => fc.constant<Target>({ kind: "goto", chain })),
  redirect: (position) => {
    const redirect = fc.record({
      kind: fc.constant("redirect" as const),
      ports: proxyPorts(position),
      random: fc.constant(false),
    });
    return [redirect, redirect, redirect];
  },
  dnat: (position) => [arbitraryNat("dnat", position)],
  snat: (position) => [arbitraryNat("snat", position), arbitrarySourceRange(position)],
  masquerade: (position) => [
    fc.record({
      kind: fc.constant("masquerade" as const),
      ports: ports(position),
      flags: fc.constantFrom([], [], ["random"], ["random-fully"]),
    }),
  ],
  tproxy: (position) => (position.protocol === "tcp" ? Array.from({ length: 2 }, () => arbitraryTproxy(position)) : []),
  mark: ({ table }) =>
    table === "mangle"
      ? [fc.record({ kind: fc.constant("mark" as const), value: arbitraryMark, mask: arbitraryMark })]
      : [],
  "connmark-set": ({ table }) =>
    table === "mangle"
      ? [fc.record({ kind: fc.constant("connmark-set" as const), value: arbitraryMark, mask: arbitraryMark })]
      : [],
  "connmark-save": ({ table }) => (table === "mangle" ? [arbitraryCopy("connmark-save")] : []),
  "connmark-restore": ({ table }) => (table === "mangle" ? [arbitraryCopy("connmark-restore")] : []),
  notrack: () => [fc.constantFrom<Target>({ kind: "notrack", module: "CT" }, { kind: "notrack", module: "NOTRACK" })],
  track: ({ without, protocol }) =>
    without.includes("CT")
      ? []
      : [fc.constantFrom<Target>({ kind: "track", options: "" }, { kind: "track", options: trackOptions(protocol) })],
  zone: ({ without }) =>
    without.includes("CT")
      ? []
      : [
          fc.record({
            kind: fc.constant("zone" as const),
            module: fc.constant("CT" as const),
            direction: fc.constantFrom("both" as const, "original" as const, "reply" as const),
            zone: fc.constantFrom(1, 2, "mark" as const),
          }),
        ],
  log: () => [
    fc.constantFrom<Target>({ kind: "log", options: '--log-prefix "a b" --log-level 7' }, { kind: "log", options: "" }),
  ],
  reject: ({ family }) => [
    fc.constant({ kind: "reject", with: family === 4 ? "icmp-port-unreachable" : "icmp6-port-unreachable" }),
  ],
  "hop-limit": () => [
    fc.record({
      kind: fc.constant("hop-limit" as const),
      change: fc.constantFrom("set" as const, "dec" as const, "inc" as const),
      value: fc.constantFrom(1, 2, 5, 62, 63, 255),
    }),
  ],
  // The sandbox's router would send copies of what comes in back to the pod, and two such rules would copy them without end.
  tee: ({ family, hook, without, protocol }) => {
    if (without.includes("TEE") || (without.includes(TEE_OF_DATAGRAMS) && protocol !== "tcp")) return [];
    const nobody = fc.constant(family === 4 ? "10.244.0.77" : "fd00:244::77");
    const gateway = hook === "OUTPUT" ? arbitraryAddress(family) : nobody;
    return [gateway.map((address): Target => ({ kind: "tee", gateway: address }))];
  },
  "side-effect": ({ table, hook, protocol, without, family }) =>
    Object.entries<readonly string[]>(SIDE_EFFECTS).flatMap(([name, options]) => {
      const made = options.map(
        (each) => ({ kind: "side-effect", name: name as SideEffectName, options: each }) as const,
      );
      const isTaken = made.every((target) => isPlaced(target, table, hook)) && !without.includes(name);
      const isTcp = ["ECN", "TCPOPTSTRIP"].includes(name);
      const isForeign = family === 6 && (name === "ECN" || name === "ULOG");
      if (!isTaken || isForeign || (isTcp && protocol !== "tcp") || name === "TCPMSS") return [];
      // Of rules few ask for TCP alone, so that these are drawn twice as often where they can be.
      return Array.from({ length: isTcp ? 2 : 1 }, () => fc.constantFrom<Target>(...made));
    }),
  // iptables has no words for these.
  statements: () => [],
  map: () => [],
  assign: () => [],
  "tproxy-socket": () => [],
  counter: () => [],
  continue: () => [],
  unknown: ({ vocabulary, table }) =>
    vocabulary === "whole" && table === "mangle"
      ? [fc.constant<Target>({ kind: "unknown", text: "-j NFQUEUE --queue-num 1" })]
      : [],
} satisfies Record<Target["kind"], (position: TargetPosition) => Arbitraries>;

/** The options that each target is drawn with, as iptables prints them. TCPMSS needs a rule of its own: {@link tcpmssRule}. */
const SIDE_EFFECTS = {
  NFLOG: ["", "--nflog-group 5", '--nflog-prefix "a b" --nflog-size 7 --nflog-threshold 3'],
  ULOG: ["--ulog-nlgroup 2"],
  TRACE: [""],
  AUDIT: ["--type accept", "--type drop"],
  CLASSIFY: ["--set-class 0001:0010"],
  CHECKSUM: ["--checksum-fill"],
  TOS: ["--set-tos 0x10/0xff", "--set-tos 0x00/0x3f"],
  DSCP: ["--set-dscp 0x20", "--set-dscp 0x2e"],
  ECN: ["--ecn-tcp-remove"],
  TCPMSS: ["--set-mss 1400", "--set-mss 536", "--clamp-mss-to-pmtu"],
  TCPOPTSTRIP: ["--strip-options 3,4,8"],
  IDLETIMER: ["--timeout 5 --label landfall"],
  SET: ["--add-set landfall src,dst"],
  SECMARK: ["--selctx landfall"],
  CONNSECMARK: ["--save", "--restore"],
  LED: ["--led-trigger-id landfall"],
  RATEEST: ["--rateest-name landfall --rateest-interval 250.0ms --rateest-ewmalog 500.0ms"],
} satisfies Record<SideEffectName, readonly string[]>;

function isPlaced(target: Target, table: TableName, hook: string): boolean {
  const { tables, hooks } = targetTraits(target);
  return (tables?.includes(table) ?? true) && (hooks?.includes(hook) ?? true);
}

/** Gives a target for a rule; null for a rule that only counts. */
export function arbitraryTarget(position: TargetPosition): fc.Arbitrary<Target | null> {
  const kinds = Object.entries<(position: TargetPosition) => Arbitraries>(TARGETS).flatMap(([kind, make]) => {
    const isTaken = kind === "side-effect" || isPlaced({ kind } as Target, position.table, position.hook);
    const made = isTaken ? make(position) : [];
    return made.length > 0 ? [{ weight: Math.min(made.length, 3), arbitrary: fc.oneof(...made) }] : [];
  });
  return fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, ...kinds);
}

/** Gives a rule with TCPMSS, which iptables-legacy takes for SYN packets alone; a clamp only where packets are sent. */
export function arbitraryTcpmssRule({ hook }: Pick<TargetPosition, "hook">): fc.Arbitrary<Rule> {
  const isSent = ["FORWARD", "OUTPUT", "POSTROUTING"].includes(hook);
  const options = SIDE_EFFECTS.TCPMSS.filter((each) => isSent || !each.startsWith("--clamp"));
  return fc.constantFrom(...options).map((each) => ({
    matches: [
      { kind: "protocol", negated: false, protocol: "tcp" },
      { kind: "tcp-flags", negated: false, mask: ["SYN", "RST"], set: ["SYN"] },
    ],
    target: { kind: "side-effect", name: "TCPMSS", options: each },
  }));
}

/** CT and NFLOG take any protocol; a helper is one protocol's (nf_conntrack_ftp). */
function trackOptions(protocol: string | null): string {
  return protocol === "tcp" ? "--helper ftp" : "--ctevents new,destroy";
}

function arbitraryCopy(kind: "connmark-save" | "connmark-restore"): fc.Arbitrary<Target> {
  return fc.record({ kind: fc.constant(kind), nfmask: arbitraryMark, ctmask: arbitraryMark });
}

function arbitraryTproxy({ family }: TargetPosition): fc.Arbitrary<Target> {
  return fc.record({
    kind: fc.constant("tproxy" as const),
    port: fc.constantFrom(15001, 15006),
    address: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: arbitraryAddress(family) }),
    mark: fc.record({ value: arbitraryMark, mask: arbitraryMark }),
  });
}

function ports({ protocol }: TargetPosition) {
  const hasPorts = protocol === "tcp" || protocol === "udp";
  return hasPorts
    ? fc.oneof({ weight: 4, arbitrary: arbitraryRange(arbitraryPort) }, { weight: 1, arbitrary: fc.constant(null) })
    : fc.constant(null);
}

function proxyPorts(position: TargetPosition) {
  const any = ports(position);
  const hasPorts = position.protocol === "tcp" || position.protocol === "udp";
  const fixed = fc.constantFrom(15001, 15006, 8080).map((port) => ({ first: port, last: port }));
  return hasPorts ? fc.oneof(fixed, any) : any;
}

function arbitraryNat(kind: "dnat" | "snat", position: TargetPosition): fc.Arbitrary<Target> {
  const addresses = arbitraryAddress(position.family).map((first) => ({ first, last: first }));
  return fc.record({ kind: fc.constant(kind), addresses, ports: ports(position), flags: fc.constant([]) });
}

/** A range of addresses of which the kernel chooses one; no other rule need name any of them. */
function arbitrarySourceRange({ family }: TargetPosition): fc.Arbitrary<Target> {
  return fc.tuple(arbitraryAddress(family), fc.constantFrom(1n, 3n, 10n)).map(([first, size]): Target => {
    const last = renderAddress(family, addressValue(first) + size);
    return { kind: "snat", addresses: { first, last }, ...ALWAYS_THE_SAME };
  });
}
