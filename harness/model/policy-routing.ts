import type { Family, Network } from "./address.ts";
import { PASS_THROUGH_IPV6 } from "./pod.ts";

/** A mark under a mask: a packet has it if `(mark & mask) === value`. Both are unsigned 32-bit numbers. */
export interface MarkTest {
  readonly value: number;
  readonly mask: number;
}

/** A rule or route that is not understood; whatever depends on it is unknown. `text` is `ip`'s, without `ip -6 rule add`. */
export interface UnknownRouting {
  readonly kind: "unknown";
  readonly family: Family;
  readonly text: string;
}

/**
 * A rule of policy routing (ip-rule(8)): a packet that meets every selector looks into a table. A selector that is null asks nothing.
 *
 * @example `ip rule add fwmark 0x539 lookup 133`
 * { kind: "lookup", family: 4, priority: null, from: null, to: null, fwmark: { value: 0x539, mask: 0xffffffff }, iif: null,
 *   uidRange: null, table: 133 }
 */
export interface LookupRule {
  readonly kind: "lookup";
  readonly family: Family;
  /** The smaller is asked first; null: the kernel gives one, smaller than that of every rule but the first (fib_default_rule_pref). */
  readonly priority: number | null;
  readonly from: Network | null;
  readonly to: Network | null;
  readonly fwmark: MarkTest | null;
  /** The interface a packet came in by; `lo` for one that the pod itself sends. */
  readonly iif: string | null;
  /** First and last uid of the socket's owner. */
  readonly uidRange: { readonly first: number; readonly last: number } | null;
  /** 1 to 4294967295; 253, 254 and 255 are the kernel's `default`, `main` and `local`. */
  readonly table: number;
}

/** A rule of policy routing: one that is understood, or its text. */
export type RoutingRule = LookupRule | UnknownRouting;

/** The kinds of routes that send no packet anywhere. */
export const STOPPING_ROUTES = ["blackhole", "unreachable", "prohibit", "throw"] as const;

/** A kind of route that sends no packet anywhere. */
export type StoppingRoute = (typeof STOPPING_ROUTES)[number];

/** The kernel's table `main`, which holds every route that names no table. */
export const MAIN_TABLE = 254;

/** The kernel's table `local`, which is asked before all others. */
export const LOCAL_TABLE = 255;

/**
 * A route of one table (ip-route(8)).
 *
 * @example `ip -6 route add local ::/0 dev lo table 133`
 * { kind: "local", family: 6, to: null, via: null, dev: "lo", metric: null, table: 133 }
 */
export interface KnownRoute {
  /** `local` delivers packets to the pod itself, `blackhole`, `unreachable` and `prohibit` send none, `throw` asks the next rule. */
  readonly kind: "local" | "unicast" | StoppingRoute;
  readonly family: Family;
  /** Null: every address of the family. */
  readonly to: Network | null;
  /** The gateway's address, canonical text. */
  readonly via: string | null;
  /** Empty where the route names none: one that sends no packet needs none, and a gateway's address tells the device. */
  readonly dev: string;
  /** Of two routes to one network the smaller counts; null: the kernel's default, 0 for IPv4 and 1024 for IPv6. */
  readonly metric: number | null;
  readonly table: number;
}

/** A route of a table: one that is understood, or its text. */
export type TableRoute = KnownRoute | UnknownRouting;

/** An address that is added to `lo`, canonical text, with its prefix length, 0–32 or 0–128: `{ address: "::6", prefixLength: 128 }`. */
export interface LoopbackAddress {
  readonly address: string;
  readonly prefixLength: number;
}

/**
 * The rules, routes and addresses that rules with marks need in a pod.
 *
 * @example { rules: [], routes: [], addresses: [{ address: "::6", prefixLength: 128 }] }
 */
export interface PolicyRouting {
  readonly rules: readonly RoutingRule[];
  readonly routes: readonly TableRoute[];
  readonly addresses: readonly LoopbackAddress[];
}

/** Says whether a route sends no packet anywhere. */
export function isStoppingRoute({ kind }: TableRoute): boolean {
  return STOPPING_ROUTES.some((one) => one === kind);
}

/** Says whether a route leads packets to no link: nowhere, or back to the pod itself. */
export function leadsToNoLink(route: KnownRoute): boolean {
  return isStoppingRoute(route) || route.kind === "local" || route.dev === "lo";
}

/** Policy routing that asks for nothing. */
export const NO_POLICY_ROUTING: PolicyRouting = { rules: [], routes: [], addresses: [] };

/** The mask under which a mark is compared whole. */
export const WHOLE_MARK = 0xffffffff;

/** The address of the pass-through on `lo`: over IPv4 the loopback device has it anyway. */
export const PASS_THROUGH_ON_LO: LoopbackAddress = { address: PASS_THROUGH_IPV6, prefixLength: 128 };

/** Gives the rule that leads packets with a mark to a table, without a priority: `ip rule add fwmark 0x539 lookup 133`. */
export function lookUpMarked(family: Family, fwmark: MarkTest, table: number): LookupRule {
  const others = { priority: null, from: null, to: null, iif: null, uidRange: null } as const;
  return { kind: "lookup", family, ...others, fwmark, table };
}

/** Gives the route of a table that delivers every packet to the pod itself: `local default dev lo`. */
export function deliverAll(family: Family, table: number): KnownRoute {
  return { kind: "local", family, to: null, via: null, dev: "lo", metric: null, table };
}

/** Gives the rule and the route of each family that deliver packets with a mark to the pod itself, whatever their destination. */
export function deliverMarked(families: readonly Family[], fwmark: MarkTest, table: number): PolicyRouting {
  return {
    rules: families.map((family) => lookUpMarked(family, fwmark, table)),
    routes: families.map((family) => deliverAll(family, table)),
    addresses: [],
  };
}
