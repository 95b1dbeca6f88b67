import {
  canonicalAddress,
  type Family,
  type Network,
  parseNetwork,
  prefixLength,
  renderNetwork,
  unspecifiedAddress,
} from "../model/address.ts";
import {
  type KnownRoute,
  type LookupRule,
  type LoopbackAddress,
  type MarkTest,
  type RoutingRule,
  STOPPING_ROUTES,
  type TableRoute,
  WHOLE_MARK,
} from "../model/policy-routing.ts";
import { renderHex } from "./values.ts";

/** Names that every machine has for routing tables (ip-route(8)); others stand in a machine's own /etc/iproute2/rt_tables. */
const TABLE_NAMES: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };
const WORD_COUNT_OF_ADDRESS = 3;

/** Gives a rule as `ip rule add` takes it: `fwmark 0x539 lookup 133`, `pref 100 from 10.0.0.0/8 fwmark 0x1/0xff lookup 7`. */
export function renderRoutingRule(rule: RoutingRule): string {
  if (rule.kind === "unknown") return rule.text;
  const { priority, from, to, fwmark, iif, uidRange, table } = rule;
  return [
    ...(priority === null ? [] : ["pref", priority]),
    ...(from ? ["from", renderNetwork(from)] : []),
    ...(to ? ["to", renderNetwork(to)] : []),
    ...(fwmark ? ["fwmark", renderMark(fwmark)] : []),
    ...(iif === null ? [] : ["iif", iif]),
    ...(uidRange ? ["uidrange", `${uidRange.first}-${uidRange.last}`] : []),
    ...["lookup", table],
  ].join(" ");
}

/**
 * Reads a rule as {@link renderRoutingRule} writes it, or as `ip rule` prints it behind the priority; a rule with any other word is kept as
 * text. A mark's value is masked, since the kernel compares it masked (fib_rule_match in net/core/fib_rules.c).
 *
 * @example
 * parseRoutingRule("fwmark 0x539 lookup 133", 4)
 * // { kind: "lookup", family: 4, priority: null, from: null, to: null, fwmark: { value: 1337, mask: 4294967295 }, iif: null,
 * //   uidRange: null, table: 133 }
 * parseRoutingRule("tos 0x10 lookup 133", 4)   // { kind: "unknown", family: 4, text: "tos 0x10 lookup 133" }
 */
export function parseRoutingRule(text: string, family: Family): RoutingRule {
  const words = text.trim().split(/\s+/);
  const found: Partial<Record<string, string>> = {};
  for (let i = 0; i < words.length; i += 2) {
    const name = RULE_WORDS[words[i] ?? ""];
    const value = words[i + 1];
    if (name === undefined || value === undefined || found[name] !== undefined) return keep(text, family);
    found[name] = value;
  }
  const table = readTable(found["table"]);
  const rule = {
    priority: readNumber(found["priority"]),
    from: readNetwork(found["from"], family),
    to: readNetwork(found["to"], family),
    fwmark: readMark(found["fwmark"]),
    uidRange: readUidRange(found["uidRange"]),
  };
  const isUnderstood = Object.values(rule).every((value) => value !== undefined);
  if (table === undefined || !isUnderstood) return keep(text, family);
  return {
    kind: "lookup",
    family,
    ...(rule as Omit<LookupRule, "kind" | "family" | "iif" | "table">),
    iif: found["iif"] ?? null,
    table,
  };
}

const RULE_WORDS: Readonly<Record<string, string>> = {
  ...{ pref: "priority", preference: "priority", priority: "priority", order: "priority" },
  ...{ from: "from", to: "to", fwmark: "fwmark", iif: "iif", dev: "iif", uidrange: "uidRange" },
  ...{ lookup: "table", table: "table" },
  // Who has made the rule; it selects nothing.
  ...{ proto: "protocol", protocol: "protocol" },
};

/** Gives a route as `ip route add` takes it: `local default dev lo table 133`, over IPv6 `local ::/0 dev lo table 133`. */
export function renderTableRoute(route: TableRoute): string {
  if (route.kind === "unknown") return route.text;
  const { kind, family, to, via, dev, metric, table } = route;
  const whole = family === 4 ? "default" : `${unspecifiedAddress(6)}/0`;
  return [
    ...(kind === "unicast" ? [] : [kind]),
    to ? renderNetwork(to) : whole,
    ...(via === null ? [] : ["via", via]),
    ...(dev === "" ? [] : ["dev", dev]),
    ...(metric === null ? [] : ["metric", metric]),
    ...["table", table],
  ].join(" ");
}

/**
 * Reads a route as {@link renderTableRoute} writes it, or as `ip route show table all` prints it. What the kernel adds to every route
 * (`scope`, `proto`, `pref`) is passed over; with any other word, such as `src`, it is kept as text. Without a table it is one of `main`.
 *
 * @example
 * parseTableRoute("local default dev lo table 133", 4)
 * // { kind: "local", family: 4, to: null, via: null, dev: "lo", metric: null, table: 133 }
 */
export function parseTableRoute(text: string, family: Family): TableRoute {
  const words = text.trim().split(/\s+/);
  const kind = ROUTE_KINDS.find((one) => one === words[0]) ?? "unicast";
  const [target = "", ...rest] = words[0] === kind ? words.slice(1) : words;
  const found: Partial<Record<string, string>> = {};
  for (let i = 0; i < rest.length; i += 2) {
    const [name = "", value] = rest.slice(i, i + 2);
    if (!ROUTE_WORDS.includes(name) || value === undefined || found[name] !== undefined) return keep(text, family);
    found[name] = value;
  }
  const isStopping = STOPPING_ROUTES.some((one) => one === kind);
  // What the kernel prints as the device of a route that sends nothing decides nothing; that of a gateway follows from its address.
  const { via, dev = found["via"] === undefined ? undefined : "" } = isStopping ? { ...found, dev: "" } : found;
  const to = readNetwork(target, family);
  const [metric, table] = [readNumber(found["metric"]), readTable(found["table"] ?? "main")];
  const gateway = via === undefined ? null : canonicalAddress(via);
  const isUnderstood = to !== undefined && metric !== undefined && table !== undefined && dev !== undefined;
  if (!isUnderstood || (via !== undefined && gateway === null)) return keep(text, family);
  const given = metric === DEFAULT_METRICS[family] ? null : metric;
  return { kind, family, to, via: gateway, dev, metric: given, table };
}

const ROUTE_KINDS: readonly KnownRoute["kind"][] = ["local", "unicast", ...STOPPING_ROUTES];
const ROUTE_WORDS: readonly string[] = ["via", "dev", "metric", "table", "scope", "proto", "pref"];
/** IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h. */
const DEFAULT_METRICS: Readonly<Record<Family, number>> = { 4: 0, 6: 1024 };

/** Gives an address as `ip addr add` takes it: `::6/128 dev lo`. */
export function renderLoopbackAddress({ address, prefixLength: length }: LoopbackAddress): string {
  return `${address}/${length} dev lo`;
}

/** Reads what {@link renderLoopbackAddress} writes; null for anything else. */
export function parseLoopbackAddress(text: string): LoopbackAddress | null {
  const words = text.trim().split(/\s+/);
  const [address = "", length] = (words[0] ?? "").split("/");
  const canonical = canonicalAddress(address);
  const network = parseNetwork(words[0] ?? "");
  const isOnLo = words.length === WORD_COUNT_OF_ADDRESS && words[1] === "dev" && words[2] === "lo";
  if (canonical === null || network === null || length === undefined || !isOnLo) return null;
  return { address: canonical, prefixLength: prefixLength(network) ?? 0 };
}

function keep(text: string, family: Family) {
  return { kind: "unknown", family, text: text.trim() } as const;
}

/** Without a mask the kernel compares the whole mark, but asks nothing where it is 0 (fib_nl2rule in net/core/fib_rules.c). */
function renderMark({ value, mask }: MarkTest): string {
  return mask === WHOLE_MARK && value !== 0 ? renderHex(value) : `${renderHex(value)}/${renderHex(mask)}`;
}

/** Undefined where it is not understood, null where nothing is given; so do the readers below. */
function readMark(text: string | undefined): MarkTest | null | undefined {
  if (text === undefined) return null;
  const [value, mask] = text.split("/").map(readNumber);
  if (value === undefined || value === null || mask === null || text.split("/").length > 2) return undefined;
  if (mask === undefined && text.includes("/")) return undefined;
  if (mask === 0 || (mask === undefined && value === 0)) return null;
  if (mask === undefined) return { value, mask: WHOLE_MARK };
  return { value: (value & mask) >>> 0, mask };
}

function readNumber(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  const value = /^(0x[0-9a-f]{1,8}|0|[1-9]\d{0,9})$/i.test(text) ? Number(text) : undefined;
  return value !== undefined && value <= WHOLE_MARK ? value : undefined;
}

function readTable(text: string | undefined): number | undefined {
  const number = TABLE_NAMES[text ?? ""] ?? readNumber(text);
  return number === null || number === 0 ? undefined : number;
}

/** `all`, `default` and a prefix length of 0 ask nothing. */
function readNetwork(text: string | undefined, family: Family): Network | null | undefined {
  if (text === undefined || ["all", "any", "default", "0/0"].includes(text)) return null;
  const network = parseNetwork(text);
  if (network === null || network.family !== family) return undefined;
  return network.mask === 0n ? null : network;
}

function readUidRange(text: string | undefined): LookupRule["uidRange"] | undefined {
  if (text === undefined) return null;
  const [first, last, ...more] = text.split("-").map(readNumber);
  if (first === undefined || first === null || last === undefined || last === null || more.length > 0) return undefined;
  return { first, last };
}
