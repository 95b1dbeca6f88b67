import { type Family, type Network, networkHolds } from "../model/address.ts";
import { POD_INTERFACE, type PodSpec, vmLinks } from "../model/pod.ts";
import {
  isStoppingRoute,
  type KnownRoute,
  LOCAL_TABLE,
  type LookupRule,
  MAIN_TABLE,
  type PolicyRouting,
  type RoutingRule,
  type UnknownRouting,
} from "../model/policy-routing.ts";
import type { KnownAddress } from "./address-book.ts";

/** Where the pod sends a packet: to itself over `lo`, or out by an interface. */
export interface Route {
  readonly out: string;
  readonly scope: "local" | "link";
}

/** What routing is asked: a packet's destination and mark, and the interface it came in by, `lo` for one that the pod itself sends. */
export interface RouteQuestion {
  readonly destination: KnownAddress;
  readonly mark: number;
  readonly iif: string;
}

/** Gives the route of a packet, or what about the routing is not understood. */
export type FindRoute = (question: RouteQuestion) => Route | { readonly unknown: string };

/** The route of everything that is the pod's own. */
export const TO_SELF: Route = { out: "lo", scope: "local" };

/** The rule that leads to `main`, whose default route takes everything (fib_default_rules_init in net/ipv4/fib_rules.c). */
const MAIN_PRIORITY = 32766;

interface OpenRule {
  readonly rule: RoutingRule;
  /** The routes of its table, the one for the smallest network first. */
  readonly routes: readonly KnownRoute[];
  /** A route that may be of its table. */
  readonly unknown: UnknownRouting | null;
}

/**
 * Opens the pod's routing: its own addresses first, then the rules of policy routing by priority, then its links; everything else goes by
 * the default route through `upstream`. What asks for a packet's source or its owner's uid is unknown where the rest of the rule holds.
 */
export function openRouting(spec: PodSpec, policy: PolicyRouting): FindRoute {
  const rules: Readonly<Record<Family, readonly OpenRule[]>> = { 4: openRules(policy, 4), 6: openRules(policy, 6) };
  const own = (table: number) => ({ 4: listOwn(policy, 4, table), 6: listOwn(policy, 6, table) });
  const [local, main] = [own(LOCAL_TABLE), own(MAIN_TABLE)];
  const links: Readonly<Record<Family, Route>> = { 4: linkRoute(POD_INTERFACE), 6: linkRoute(POD_INTERFACE) };
  const vmLink = vmLinks(spec)[0];
  const follow = (route: KnownRoute) => followRoute(route, vmLink === undefined ? POD_INTERFACE : null);
  const isMoved = { 4: movesLocal(policy, 4), 6: movesLocal(policy, 6) };
  return (question) => {
    const { host, family } = question.destination;
    if (isMoved[family]) return { unknown: "ip rule lookup local" };
    if (host === "pod" || host === "loopback") return TO_SELF;
    const added = findRouteTo(local[family], question.destination);
    if (added && added.kind !== "throw") return follow(added);
    const found = followRules(rules[family], question, follow);
    if (found !== null) return found;
    const last = findRouteTo(main[family], question.destination);
    if (last) return followMain(last, follow);
    return host === "vm" && vmLink !== undefined ? linkRoute(vmLink) : links[family];
  };
}

/** With a rule for `local` of somebody's own, others may stand before it, and send even what is the pod's own elsewhere. */
function movesLocal({ rules }: PolicyRouting, family: Family): boolean {
  return rules.some((rule) => rule.kind === "lookup" && rule.family === family && rule.table === LOCAL_TABLE);
}

/** What the kernel makes of a route of `main` to the pod itself is not simulated. */
function followMain(route: KnownRoute, follow: (route: KnownRoute) => ReturnType<FindRoute>): ReturnType<FindRoute> {
  return isStoppingRoute(route) ? follow(route) : { unknown: "ip route to the pod itself in table main" };
}

function linkRoute(out: string): Route {
  return { out, scope: "link" };
}

/** A rule whose table has no route for the packet passes it on to the next (fib_rules_lookup in net/core/fib_rules.c). */
function followRules(
  rules: readonly OpenRule[],
  question: RouteQuestion,
  follow: (route: KnownRoute) => ReturnType<FindRoute>,
) {
  for (const open of rules) {
    const { rule, routes } = open;
    if (rule.kind === "lookup" && !selects(rule, question)) continue;
    const unknown = findUnknown(open);
    if (unknown !== null) return { unknown };
    if (leadsToMain(rule)) return null;
    const found = findRouteTo(routes, question.destination);
    if (found && found.kind !== "throw") return follow(found);
  }
  return null;
}

/** Gives the routes of one of the kernel's own tables that were added, the one for the smallest network first. */
function listOwn({ routes }: PolicyRouting, family: Family, table: number): readonly KnownRoute[] {
  return routes
    .flatMap((route) => (route.kind !== "unknown" && route.family === family && route.table === table ? [route] : []))
    .toSorted(bySmallestNetwork);
}

function findRouteTo(routes: readonly KnownRoute[], destination: KnownAddress): KnownRoute | undefined {
  return routes.find(({ to }) => to === null || holds(to, destination));
}

/**
 * What becomes of a packet that a route sends nowhere is not simulated. A gateway stands on one of the pod's links: `onlyLink` is the one
 * there is, null where there are several.
 */
function followRoute(route: KnownRoute, onlyLink: string | null): Route | { readonly unknown: string } {
  if (isStoppingRoute(route)) return { unknown: `ip route ${route.kind} in table ${route.table}` };
  if (route.kind === "local") return TO_SELF;
  const out = route.dev === "" ? onlyLink : route.dev;
  return out === null ? { unknown: `ip route via ${route.via} without a device` } : linkRoute(out);
}

/** The table `main` has a default route, by the pod's links. */
function leadsToMain(rule: RoutingRule): boolean {
  return rule.kind === "lookup" && rule.table === MAIN_TABLE;
}

/** Gives what of a rule or of its table is not understood, or null. */
function findUnknown({ rule, unknown }: OpenRule): string | null {
  if (rule.kind === "unknown") return `ip rule ${rule.text}`;
  if (rule.from !== null) return "ip rule with from";
  if (rule.uidRange !== null) return "ip rule with uidrange";
  return unknown && rule.table !== MAIN_TABLE ? `ip route ${unknown.text}` : null;
}

/** Says whether what a rule asks of destination, mark and interface holds. */
function selects({ to, fwmark, iif }: LookupRule, question: RouteQuestion): boolean {
  return (
    (to === null || holds(to, question.destination)) &&
    (fwmark === null || (question.mark & fwmark.mask) >>> 0 === fwmark.value) &&
    (iif === null || iif === question.iif)
  );
}

function holds(network: Network, destination: KnownAddress): boolean {
  return network.family === destination.family && networkHolds(network, destination.value);
}

function openRules({ rules, routes }: PolicyRouting, family: Family): readonly OpenRule[] {
  const own = routes.filter((route) => route.family === family);
  const unknown = own.find((route) => route.kind === "unknown") ?? null;
  const known = own.filter((route) => route.kind !== "unknown").toSorted(bySmallestNetwork);
  return orderRules(rules.filter((rule) => rule.family === family)).map((rule) => {
    const inTable = known.filter(({ table }) => rule.kind === "lookup" && table === rule.table);
    return { rule, routes: inTable, unknown };
  });
}

/**
 * Orders rules by priority. One without gets the kernel's: one less than that of the second rule there is (fib_default_rule_pref), so of
 * several the last is asked first. Rules behind `main` are never asked.
 */
function orderRules(rules: readonly RoutingRule[]): readonly RoutingRule[] {
  let placed: readonly { readonly rule: RoutingRule; readonly priority: number }[] = [];
  for (const rule of rules) {
    const second = Math.min(
      MAIN_PRIORITY,
      ...placed.map(({ priority }) => priority).filter((priority) => priority > 0),
    );
    const given = rule.kind === "lookup" ? rule.priority : null;
    placed = [...placed, { rule, priority: given ?? second - 1 }];
  }
  return placed
    .filter(({ priority }) => priority < MAIN_PRIORITY)
    .toSorted((one, other) => one.priority - other.priority)
    .map(({ rule }) => rule);
}

/** The longest prefix first, then the smaller metric. */
function bySmallestNetwork(one: KnownRoute, other: KnownRoute): number {
  const size = ({ to }: KnownRoute) => to?.mask ?? 0n;
  if (size(one) !== size(other)) return size(one) > size(other) ? -1 : 1;
  return (one.metric ?? 0) - (other.metric ?? 0);
}
