// Long because each kind of statement has a reader here, and maps read the statement that they choose for.
import { canonicalAddress } from "../../model/address.ts";
import type { CompareElement, CompareKey } from "../../model/compare.ts";
import type { Range } from "../../model/match.ts";
import { MAX_PORT } from "../../model/pod.ts";
import type { AssignTarget, MapTarget, NatTarget, Target } from "../../model/target.ts";
import { isList, isObject, type Json, type JsonObject, listOf, type NftContext, textOf, unwrap } from "./ast.ts";
import { readAssignment } from "./read-assignment.ts";
import { readKeys } from "./read-match.ts";
import { readElement } from "./read-values.ts";
import { nameRejectError, REJECT_ERRORS } from "./reject-errors.ts";
import { renderStatement } from "./render-text.ts";

type Read = (body: JsonObject, raw: Json, context: NftContext) => Target | null;

/** Reads a statement that does something; one that is not understood is kept as text, and whatever meets it is unknown. */
export function readTarget(statement: Json, context: NftContext): Target {
  const [kind = "", body = null] = unwrap(statement) ?? [];
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  return read?.(isObject(body) ? body : {}, body, context) ?? { kind: "unknown", text: renderStatement(statement) };
}

const READERS: Readonly<Record<string, Read>> = {
  accept: () => ({ kind: "accept" }),
  drop: () => ({ kind: "drop" }),
  continue: () => ({ kind: "continue" }),
  return: () => ({ kind: "return" }),
  jump: (body) => readCall("jump", body),
  goto: (body) => readCall("goto", body),
  counter: (_, raw) => ({ kind: "counter", name: typeof raw === "string" ? raw : null }),
  notrack: () => ({ kind: "notrack", module: "nft" }),
  log: (_, raw) => ({ kind: "log", options: renderStatement({ log: raw }).replace(/^log ?/, "") }),
  reject: (body, raw, context) => readReject(body, raw, context),
  redirect: (body, _, context) =>
    readChoice(body, "port", context, ({ port }) => {
      const ports = readPorts(port, context);
      if (ports === "unknown") return null;
      const flags = listOf(body, "flags").map(String);
      if (flags.some((flag) => flag !== "random")) return null;
      return { kind: "redirect", ports, random: flags.includes("random") };
    }),
  masquerade: (body, _, context) => {
    const ports = readPorts(body.port, context);
    return ports === "unknown" ? null : { kind: "masquerade", ports, flags: listOf(body, "flags").map(natFlag) };
  },
  dnat: (body, _, context) => readNat("dnat", body, context),
  snat: (body, _, context) => readNat("snat", body, context),
  tproxy: (body, _, context) => {
    const ports = readPorts(body.port, context);
    if (ports === "unknown" || (ports !== null && ports.first !== ports.last)) return null;
    const address = typeof body.addr === "string" ? canonicalAddress(body.addr) : null;
    if (body.addr !== undefined && address === null) return null;
    return { kind: "tproxy-socket", port: ports?.first ?? null, address, ...familyOf(body) };
  },
  mangle: (body, _, context) => readMangle(body, context),
  vmap: (body, _, context) => readMap(body, context, (verdict) => readVerdict(verdict, context)),
};

function readCall(kind: "jump" | "goto", body: JsonObject): Target | null {
  const chain = textOf(body, "target");
  return chain === null ? null : { kind, chain };
}

function readVerdict(verdict: Json, context: NftContext): Target | null {
  const [kind = ""] = unwrap(verdict) ?? [];
  return ["accept", "drop", "continue", "return", "jump", "goto"].includes(kind) ? readTarget(verdict, context) : null;
}

/** The errors by the words of nft(8), REJECT STATEMENT; iptables has most under the same name behind `icmp-` and `icmp6-`. */
function readReject({ type, expr }: JsonObject, raw: Json, { family, tell }: NftContext): Target | null {
  const unreachable = { ip: "icmp-port-unreachable", ip6: "icmp6-port-unreachable", inet: "icmpx-port-unreachable" };
  if (type === undefined) return { kind: "reject", with: unreachable[family] };
  if (type === "tcp reset") return { kind: "reject", with: "tcp-reset" };
  const prefix = { icmp: "icmp", icmpv6: "icmp6", icmpx: "icmpx" }[String(type)];
  const name = typeof expr === "number" ? nameRejectError(String(type), expr) : expr;
  if (prefix === undefined || typeof name !== "string") return null;
  const known = Object.keys(REJECT_ERRORS[String(type)] ?? {});
  if (!known.includes(name)) tell(raw, `"${name}" is not an error of ${type}; those are ${known.join(", ")}.`);
  return { kind: "reject", with: `${prefix}-${name}` };
}

/** nft's words for the flags of NAT, as the model has them from iptables. */
function natFlag(flag: Json): string {
  return flag === "fully-random" ? "random-fully" : String(flag);
}

function readNat(kind: NatTarget["kind"], body: JsonObject, context: NftContext): Target | null {
  if (body["type_flags"] !== undefined) return null;
  return readChoice(body, "addr", context, (plain) =>
    readChoice(plain, "port", context, ({ addr, port }) => {
      const addresses = readAddresses(addr);
      const ports = readPorts(port, context);
      if (addresses === "unknown" || ports === "unknown") return null;
      return { kind, addresses, ports, flags: listOf(body, "flags").map(natFlag), ...familyOf(body) };
    }),
  );
}

function familyOf({ family }: JsonObject): { readonly family?: "ip" | "ip6" } {
  return family === "ip" || family === "ip6" ? { family } : {};
}

function readAddresses(value: Json | undefined): NatTarget["addresses"] | "unknown" {
  if (value === undefined) return null;
  const [kind, body] = unwrap(value) ?? [];
  const ends = kind === "range" && isList(body) ? body : [value, value];
  const [first, last] = ends.map((end) => (typeof end === "string" ? canonicalAddress(end) : null));
  return first && last ? { first, last } : "unknown";
}

function readPorts(value: Json | undefined, context: NftContext): Range | null | "unknown" {
  if (value === undefined) return null;
  const [kind, body] = unwrap(value) ?? [];
  const ends = kind === "range" && isList(body) ? body : [value, value];
  const [first, last] = ends.map((end) => (typeof end === "string" ? context.service(end) : end));
  if (typeof first !== "number" || typeof last !== "number") return "unknown";
  if (first >= 0 && first <= last && last <= MAX_PORT) return { first, last };
  context.tell(value, `${first === last ? first : `${first}-${last}`} is not a port, nor a range of ports.`);
  return "unknown";
}

/**
 * Reads a statement of which one argument may be a map: then each of its values makes a target of its own. A value of an address and a port
 * is both.
 */
function readChoice(
  body: JsonObject,
  argument: "addr" | "port",
  context: NftContext,
  read: (body: JsonObject) => Target | null,
): Target | null {
  const [kind, map] = unwrap(body[argument]) ?? [];
  if (kind !== "map" || !isObject(map)) return read(body);
  return readMap(map, context, (value) => {
    const [form, parts] = unwrap(value) ?? [];
    const [addr, port] = form === "concat" && isList(parts) ? parts : [];
    const changed = addr !== undefined && port !== undefined ? { addr, port } : { [argument]: value };
    return read({ ...body, ...changed });
  });
}

function readMangle(body: JsonObject, context: NftContext): Target | null {
  const [object, inner] = unwrap(body.key) ?? [];
  const name = `${object} ${textOf(inner, "key") ?? textOf(inner, "field")}`;
  if (name === "ct zone") return readZone(textOf(inner, "dir"), body.value);
  if (name === "meta mark" || name === "ct mark") return readMark(name, body.value ?? null, context);
  const sideEffect = SIDE_EFFECTS[name];
  if (sideEffect === undefined && object !== "payload") return null;
  const isDscp = textOf(inner, "field") === "dscp";
  if (sideEffect === undefined && !isDscp) return null;
  return { kind: "side-effect", name: sideEffect ?? "DSCP", options: renderStatement({ mangle: body }) };
}

/** What can be set without effect on where a packet goes, and the target of iptables that does the same. */
const SIDE_EFFECTS: Readonly<Record<string, "CLASSIFY" | "TRACE">> = {
  "meta priority": "CLASSIFY",
  "meta nftrace": "TRACE",
};

function readZone(direction: string | null, value: Json | undefined): Target | null {
  const side = direction === "original" || direction === "reply" ? direction : "both";
  const isMark = unwrap(value)?.[0] === "meta" && textOf(unwrap(value)?.[1], "key") === "mark";
  if (isMark) return { kind: "zone", module: "nft", direction: side, zone: "mark" };
  return typeof value === "number" && value >= 0 && value <= 0xffff
    ? { kind: "zone", module: "nft", direction: side, zone: value }
    : null;
}

function readMark(name: "meta mark" | "ct mark", value: Json, context: NftContext): Target | null {
  const to: AssignTarget["to"] = name === "meta mark" ? "packet" : "connection";
  const [kind, map] = unwrap(value) ?? [];
  if (kind === "map" && isObject(map)) return readMap(map, context, (held) => assign(to, held));
  return assign(to, value);
}

function assign(to: AssignTarget["to"], value: Json): Target | null {
  const read = readAssignment(value);
  return read === null ? null : { kind: "assign", to, ...read };
}

/** Reads a map into a target for each of its elements; null where the keys or what it holds are not known. */
function readMap(
  { key = null, data = null }: JsonObject,
  context: NftContext,
  read: (value: Json) => Target | null,
): MapTarget | null {
  const keys = readKeys(key, context);
  const elements = readMapElements(data, context);
  if (keys === null || elements === null) return null;
  const branches = elements.flatMap((element) => readBranch(keys, element, context, read) ?? []);
  if (branches.length < elements.length) return null;
  const ordered = [
    ...branches.filter(({ element }) => element !== null),
    ...branches.filter(({ element }) => element === null),
  ];
  return { kind: "map", keys, branches: ordered, map: typeof data === "string" ? data.slice(1) : null };
}

function readBranch(
  keys: readonly CompareKey[],
  element: Json,
  context: NftContext,
  read: (value: Json) => Target | null,
): { readonly element: CompareElement | null; readonly target: Target } | null {
  if (!isList(element) || element.length !== 2) return null;
  const [held = null, value = null] = element;
  const target = read(value);
  const place = held === "*" ? null : readElement(keys, held, context);
  return target === null || (place === null && held !== "*") ? null : { element: place, target };
}

function readMapElements(data: Json, context: NftContext): readonly Json[] | null {
  if (typeof data === "string" && data.startsWith("@")) {
    const named = context.sets.get(data.slice(1));
    if (named === undefined) context.tell(data, `The table has no map ${data.slice(1)}.`);
    return named === undefined || named.contents === "changing" ? null : named.elements;
  }
  const [kind, body] = unwrap(data) ?? [];
  return kind === "set" && isList(body) ? body : null;
}
