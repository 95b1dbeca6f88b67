import { addressValue, type Family, familyOf, parseAddress, parseNetwork, prefixLength } from "./address.ts";
import { type Identity, PROTOCOLS, type Protocol } from "./contract.ts";
import { codedFinding, type Finding, type Parsed } from "./finding.ts";
import { actorIdentity, targetAddress } from "./flow-resolution.ts";
import { ANY_MARK, type FlowSet, MAX_MARK, NO_PORTS } from "./flow-set.ts";
import { hostOfActor, MAX_ID, MAX_PORT, type SandboxAddresses } from "./pod.ts";
import { actorNames, targetNames } from "./pod-names.ts";
import type { HostAddresses, PodShape } from "./pod-shape.ts";
import { networkRanges, subtractRanges, type ValueRanges, wholeFamily } from "./value-ranges.ts";

/** What names in a set of flows stand for, and what a set may hold. */
export interface SetNames {
  readonly addresses: SandboxAddresses;
  readonly shape: PodShape;
  /** The protocols that may be asked about; TCP alone if left out. */
  readonly protocols?: readonly Protocol[];
}

const GRAMMAR =
  "ACTOR[@SOURCE] -> TARGET:PORT as in a FLOW, with ranges: uid=1000-1999 -> 10.0.0.0/8:80,443, client -> pod:*, app -> [2001:db8::/32]:1-1023";
/** Every address that is not the pod's own. */
const ELSEWHERE = "elsewhere";
const ANY_ID: ValueRanges = [[0n, BigInt(MAX_ID)]];

/**
 * Reads a set of flows: a FLOW in which an id, an address or a port may be a range. Ids and ports are `N`, `N-M`, `*`; ports may be several
 * with commas; an owner is `uid=IDS`, `gid=IDS`, `mark=MARKS` or several of them with commas, and what is not given may be anything.
 * Addresses are one, `NETWORK/LENGTH` or `FIRST-LAST`, those of IPv6 in brackets; `elsewhere` is every address that is not the pod's own.
 * Behind the ports may stand `/tcp`, `/udp` or `/tcp+udp`; `-> TARGET/icmp` are echo requests; TCP is what is written without.
 *
 * Ranges include both ends. Gives every finding, each with the code `invalid-flow-set`; `where` is how they name the text's place.
 *
 * @example
 * parseFlowSet("uid=1000-1336 -> 10.20.0.0/16:443", "--within", { addresses: DEFAULT_ADDRESSES, shape })
 * // { ok: true, value: { text: "uid=1000-1336 -> 10.20.0.0/16:443", family: 4, protocols: ["tcp"], host: "pod",
 * //   uids: [[1000n, 1336n]], gids: [[0n, 4294967294n]], marks: [[0n, 4294967295n]], sources: "route",
 * //   destinations: [[169082880n, 169148415n]], ports: [[443n, 443n]] } }
 */
export function parseFlowSet(text: string, where: string, names: SetNames): Parsed<FlowSet> {
  const [left, right, ...rest] = text.split(" -> ");
  if (left === undefined || right === undefined || rest.length > 0)
    return {
      ok: false,
      findings: [codedFinding("invalid-flow-set", where, `"${text}" is not a valid set of flows; write ${GRAMMAR}.`)],
    };
  const findings: Finding[] = [];
  const note = (message: string) => void findings.push(codedFinding("invalid-flow-set", where, message));
  const [actor = "", ...source] = left.split("@");
  const who = readActor(actor, names, note);
  const written = source.length === 0 ? null : readAddresses(unwrap(source.join("@")), [], note);
  const target = readTarget(right, names, note);
  const sources = written ?? sourcesOfHost(who?.from ?? null, target?.family ?? null);
  const families = new Set([who?.family, sources?.family, target?.family].filter((family) => family != null));
  if (families.size > 1) note(`"${text}" names IPv4 and IPv6; use one family on both sides.`);
  if (!who || !target || findings.length > 0) return { ok: false, findings };
  const { host, uids, gids, marks } = who;
  const { client, pod } = names.addresses;
  const others = [client, pod].flatMap((each) => single(addressValue(each[target.family])));
  const named = sources && (host === "upstream" ? subtractRanges(sources.ranges, others) : sources.ranges);
  return { ok: true, value: { text, host, uids, gids, marks, sources: named ?? "route", ...target } };
}

type Note = (message: string) => void;

/** A host beside the usual ones comes from its own address. */
function sourcesOfHost(host: HostAddresses | null, family: Family | null) {
  return host === null || family === null ? null : { family, ranges: single(addressValue(host[family])) };
}

function readActor(text: string, { shape }: SetNames, note: Note) {
  const actors = actorNames(shape);
  const isOfSix = text.endsWith("6") && actors.includes(text.slice(0, -1));
  const name = isOfSix ? text.slice(0, -1) : text;
  const family: Family | null = isOfSix ? 6 : null;
  const host = shape.hosts[name] ? "upstream" : hostOfActor(name);
  const anybody = { uids: ANY_ID, gids: ANY_ID, marks: ANY_MARK };
  if (host !== "pod") return { family, host, from: shape.hosts[name] ?? null, ...anybody };
  const own = actors.includes(name) ? actorIdentity(name, shape) : null;
  if (own)
    return {
      family,
      host,
      from: null,
      ...singleOwner(own),
      marks: own.mark === 0 ? ANY_MARK : single(BigInt(own.mark)),
    };
  const ids = readIds(text);
  if (ids) return { family, host, from: null, ...ids };
  const known = actors.join(", ");
  note(
    `"${text}" is not an actor; use ${known}, or uid=IDS, gid=IDS, mark=MARKS with commas between; IDS are N, N-M or *.`,
  );
  return null;
}

function singleOwner({ uid, gid }: Identity) {
  return { uids: single(BigInt(uid)), gids: single(BigInt(gid)) };
}

/** Reads `uid=IDS,gid=IDS,mark=MARKS`, each once at the most and in any order; null where the text is something else. */
function readIds(text: string): Pick<FlowSet, "uids" | "gids" | "marks"> | null {
  const found = { uid: ANY_ID, gid: ANY_ID, mark: ANY_MARK };
  const seen = new Set<string>();
  for (const part of text.split(",")) {
    const [, key, value = ""] = /^(uid|gid|mark)=(.+)$/.exec(part) ?? [];
    if ((key !== "uid" && key !== "gid" && key !== "mark") || seen.has(key)) return null;
    seen.add(key);
    const ranges = readRange(value, 0n, key === "mark" ? MAX_MARK : BigInt(MAX_ID));
    if (!ranges) return null;
    found[key] = ranges;
  }
  return { uids: found.uid, gids: found.gid, marks: found.mark };
}

function readTarget(text: string, names: SetNames, note: Note) {
  const { protocols: allowed = ["tcp"] } = names;
  const found = /^(\[[^\]]*\]|[^:[\]/]*(?:\/\d+)?)(?::([^:/]*))?(?:\/([a-z+]+))?$/.exec(text);
  const [, target = "", portText, protocolText = "tcp"] = found ?? [];
  const protocols = protocolText.split("+").map((name) => PROTOCOLS.find((known) => known === name) ?? null);
  const isEcho = protocolText === "icmp";
  if (!found || (portText === undefined) !== isEcho) {
    note(`"${text}" is not a target; write TARGET:PORT, TARGET:PORT/udp or TARGET/icmp, IPv6 addresses in brackets.`);
    return null;
  }
  if (!protocols.every((name) => name !== null) || (protocols.length > 1 && protocols.includes("icmp"))) {
    note(`"/${protocolText}" is not a protocol; write /tcp, /udp, /tcp+udp or /icmp.`);
    return null;
  }
  const others = protocols.filter((name) => !allowed.includes(name));
  if (others.length > 0) note(`This does not support ${others.join(" and ")} flows; use ${allowed.join(", ")}.`);
  const ports = isEcho ? NO_PORTS : readPorts(portText ?? "");
  if (!ports)
    note(`"${portText}" is not a list of ports; write N, N-M or *, from 1 to 65535, and separate several with commas.`);
  const named =
    readTargetName(target, names) ?? readAddresses(unwrap(target), [...targetNames(names.shape), ELSEWHERE], note);
  if (!named || !ports) return null;
  if ((named.family === 6) !== target.startsWith("[") && !/^[a-z]/.test(target)) {
    note(`"${text}" is not a target; put IPv6 addresses, and only those, in brackets.`);
    return null;
  }
  return { family: named.family, destinations: named.ranges, ports, protocols };
}

function readTargetName(text: string, { addresses, shape }: SetNames) {
  const name = text.replace(/6$/, "");
  const family: Family = name === text ? 4 : 6;
  const further = shape.hosts[name]?.[family];
  if (targetNames(shape).includes(name))
    return { family, ranges: single(addressValue(further ?? targetAddress(name, family, addresses))) };
  if (name !== ELSEWHERE) return null;
  const loopback = parseNetwork(family === 4 ? "127.0.0.0/8" : "::1/128");
  const own = [...(loopback ? networkRanges(loopback) : []), ...single(addressValue(addresses.pod[family]))];
  return { family, ranges: subtractRanges(wholeFamily(family), own) };
}

function readAddresses(
  text: string,
  names: readonly string[],
  note: Note,
): { readonly family: Family; readonly ranges: ValueRanges } | null {
  const network = parseNetwork(text);
  if (network && prefixLength(network) !== null) return { family: familyOf(text), ranges: networkRanges(network) };
  const [first, last, ...rest] = text.split("-").map((end) => parseAddress(end));
  if (first && last && rest.length === 0 && first.family === last.family && first.value <= last.value)
    return { family: first.family, ranges: [[first.value, last.value]] };
  note(
    `"${text}" is not an address; use ${names.length === 0 ? "" : `${names.join(", ")} (with 6 for IPv6), `}an address, NETWORK/LENGTH or FIRST-LAST.`,
  );
  return null;
}

function readPorts(text: string): ValueRanges | null {
  const ranges = text.split(",").map((part) => readRange(part, 1n, BigInt(MAX_PORT)));
  return ranges.every((range) => range !== null) ? ranges.flat() : null;
}

/** Reads `N`, `N-M` or `*`, numbers decimal or with 0x; null where it is something else, or reaches beyond the ends. */
function readRange(text: string, lowest: bigint, highest: bigint): ValueRanges | null {
  if (text === "*") return [[lowest, highest]];
  const found = /^(\d{1,10}|0x[\da-f]{1,8})(?:-(\d{1,10}|0x[\da-f]{1,8}))?$/i.exec(text);
  if (!found) return null;
  const [first, last] = [BigInt(found[1] ?? 0), BigInt(found[2] ?? found[1] ?? 0)];
  return lowest <= first && first <= last && last <= highest ? [[first, last]] : null;
}

function single(value: bigint): ValueRanges {
  return [[value, value]];
}

function unwrap(text: string): string {
  return text.replace(/^\[(.*)\]$/, "$1");
}
