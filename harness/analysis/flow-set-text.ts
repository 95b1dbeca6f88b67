import { addressValue, type Family, familyOf, parseAddress, parseNetwork, prefixLength } from "../model/address.ts";
import { type Finding, finding, type Parsed } from "../model/finding.ts";
import { ACTOR_NAMES } from "../model/flow.ts";
import { actorOwner, targetAddress } from "../model/flow-text.ts";
import { hostOfActor, MAX_ID, MAX_PORT, type Owner, type SandboxAddresses } from "../model/pod.ts";
import { networkRanges, subtractRanges, type ValueRanges, wholeFamily } from "./axis.ts";
import type { FlowSet } from "./flow-set.ts";

/** What names in a set of flows stand for. */
export interface SetNames {
  readonly addresses: SandboxAddresses;
  readonly proxy: Owner;
}

const GRAMMAR =
  "ACTOR[@SOURCE] -> TARGET:PORT as in a FLOW, with ranges: uid=1000-1999 -> 10.0.0.0/8:80,443, client -> pod:*, app -> [2001:db8::/32]:1-1023";
const TARGET_NAMES = ["pod", "upstream", "client", "localhost", "elsewhere"];
const ANY_ID: ValueRanges = [[0n, BigInt(MAX_ID)]];

/**
 * Reads a set of flows: a FLOW in which an id, an address or a port may be a range. Ids and ports are `N`, `N-M`, `*`; ports may be several
 * with commas; an owner is `uid=IDS`, `gid=IDS` or both; addresses are one, `NETWORK/LENGTH` or `FIRST-LAST`, those of IPv6 in brackets;
 * `elsewhere` is every address that is not the pod's own. Gives every finding.
 */
export function parseFlowSet(text: string, where: string, names: SetNames): Parsed<FlowSet> {
  const [left, right, ...rest] = text.split(" -> ");
  if (left === undefined || right === undefined || rest.length > 0)
    return { ok: false, findings: [finding(where, `"${text}" is no set of flows; write ${GRAMMAR}.`)] };
  const findings: Finding[] = [];
  const note = (message: string) => void findings.push(finding(where, message));
  const [actor = "", ...source] = left.split("@");
  const who = readActor(actor, names.proxy, note);
  const sources = source.length === 0 ? null : readAddresses(unwrap(source.join("@")), note);
  const target = readTarget(right, names, note);
  const families = new Set([who?.family, sources?.family, target?.family].filter((family) => family != null));
  if (families.size > 1) note(`"${text}" names IPv4 and IPv6; use one family on both sides.`);
  if (!who || !target || findings.length > 0) return { ok: false, findings };
  const { host, uids, gids } = who;
  const { client, pod } = names.addresses;
  const others = [client, pod].flatMap((each) => single(addressValue(each[target.family])));
  const named = sources && (host === "upstream" ? subtractRanges(sources.ranges, others) : sources.ranges);
  return { ok: true, value: { text, host, uids, gids, sources: named ?? "route", ...target } };
}

type Note = (message: string) => void;

function readActor(text: string, proxy: Owner, note: Note) {
  const isOfSix = text.endsWith("6") && ACTOR_NAMES.some((name) => name === text.slice(0, -1));
  const name = isOfSix ? text.slice(0, -1) : text;
  const family: Family | null = isOfSix ? 6 : null;
  const host = hostOfActor(name);
  if (host !== "pod") return { family, host, uids: ANY_ID, gids: ANY_ID };
  const own = ACTOR_NAMES.some((known) => known === name) ? actorOwner(name, proxy) : null;
  if (own) return { family, host, uids: single(BigInt(own.uid)), gids: single(BigInt(own.gid)) };
  const found = /^(?:uid=([^,]+))?(?:(?:^|,)gid=([^,]+))?$/.exec(text);
  const ids = [found?.[1], found?.[2]].map((id) => (id === undefined ? ANY_ID : readRange(id, 0n, BigInt(MAX_ID))));
  const [uids, gids] = ids;
  if (text !== "" && found && uids && gids) return { family, host, uids, gids };
  note(
    `"${text}" is no actor; use ${ACTOR_NAMES.join(", ")}, uid=IDS, gid=IDS or uid=IDS,gid=IDS; IDS are N, N-M or *.`,
  );
  return null;
}

function readTarget(text: string, { addresses }: SetNames, note: Note) {
  const found = /^(\[[^\]]*\]|[^:[\]]*):([^:]*)$/.exec(text);
  const [, target = "", portText = ""] = found ?? [];
  if (!found) {
    note(`"${text}" is no target; write TARGET:PORT, IPv6 addresses in brackets.`);
    return null;
  }
  const ports = readPorts(portText);
  if (!ports) note(`"${portText}" names no ports; write N, N-M or *, several with commas, from 1 to 65535.`);
  const named = readTargetName(target, addresses) ?? readAddresses(unwrap(target), note);
  if (!named || !ports) return null;
  if ((named.family === 6) !== target.startsWith("[") && !/^[a-z]/.test(target)) {
    note(`"${text}" is no target; write IPv6 addresses in brackets, and those alone.`);
    return null;
  }
  return { family: named.family, destinations: named.ranges, ports };
}

function readTargetName(text: string, addresses: SandboxAddresses) {
  const name = text.replace(/6$/, "");
  const family: Family = name === text ? 4 : 6;
  if (!TARGET_NAMES.includes(name)) return null;
  if (name !== "elsewhere") return { family, ranges: single(addressValue(targetAddress(name, family, addresses))) };
  const loopback = parseNetwork(family === 4 ? "127.0.0.0/8" : "::1/128");
  const own = [...(loopback ? networkRanges(loopback) : []), ...single(addressValue(addresses.pod[family]))];
  return { family, ranges: subtractRanges(wholeFamily(family), own) };
}

function readAddresses(text: string, note: Note): { readonly family: Family; readonly ranges: ValueRanges } | null {
  const network = parseNetwork(text);
  if (network && prefixLength(network) !== null) return { family: familyOf(text), ranges: networkRanges(network) };
  const [first, last, ...rest] = text.split("-").map((end) => parseAddress(end));
  if (first && last && rest.length === 0 && first.family === last.family && first.value <= last.value)
    return { family: first.family, ranges: [[first.value, last.value]] };
  note(
    `"${text}" is no address; use ${TARGET_NAMES.join(", ")} (with 6 for IPv6), an address, NETWORK/LENGTH or FIRST-LAST.`,
  );
  return null;
}

function readPorts(text: string): ValueRanges | null {
  const ranges = text.split(",").map((part) => readRange(part, 1n, BigInt(MAX_PORT)));
  return ranges.every((range) => range !== null) ? ranges.flat() : null;
}

/** Reads `N`, `N-M` or `*`; null where it is none, or reaches beyond the ends. */
function readRange(text: string, lowest: bigint, highest: bigint): ValueRanges | null {
  if (text === "*") return [[lowest, highest]];
  const found = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text);
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
