import { canonicalAddress, familyOf, parseNetwork } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import { MAX_PORT } from "../../model/pod.ts";
import { type Note, readNetwork } from "../values.ts";
import type { UidExclusion, VirtualNetwork } from "./settings.ts";

/** The ports that one multiport match holds; a range takes two (xt_multiport.h, XT_MULTI_PORTS). */
const SLOTS = 15;
const EVERY_PORT: Range = { first: 1, last: MAX_PORT };
const PROTOCOLS = ["tcp", "udp"] as const;
/** An interface's name has at most 15 letters, no blank and no slash (dev_valid_name in net/core/dev.c). */
const INTERFACE = /^[^\s/:+]{1,14}(?:[^\s/:+]|\+)?$/;

/**
 * Reads `[PROTOCOL:][PORTS:]UID` (parseExcludePortsForUIDs in pkg/transparentproxy/config/utils.go at 348b6528bc23), such as
 * `tcp:443,8000-8100:2000`, `443:2000-2002`, `2000`. Without protocol it is both, without ports, or with `*`, all. Ports and uids are 0 to
 * 65535.
 */
export function readUidExclusions(rules: readonly string[], note: Note): readonly UidExclusion[] {
  return rules.flatMap((rule) => {
    const parts = rule.split(":");
    if (parts.length > 3) {
      note(`"${rule}" has too many parts; write PROTOCOL:PORTS:UID, such as tcp:443:2000.`);
      return [];
    }
    const [protocolText = "", portsText = "", uidText = ""] = ["", "", ...parts].slice(-3);
    const protocols = readProtocols(protocolText, rule, note);
    const ports = readPorts(portsText, rule, note);
    const uids = readUids(uidText, rule, note);
    return uids === null || ports === null ? [] : protocols.map((protocol) => ({ protocol, ports, uids }));
  });
}

function readProtocols(text: string, rule: string, note: Note): readonly UidExclusion["protocol"][] {
  if (text === "" || text === "*") return PROTOCOLS;
  return entriesOf(text).flatMap((entry) => {
    const protocol = PROTOCOLS.find((name) => name === entry.toLowerCase());
    if (!protocol) note(`"${entry}" in "${rule}" is not a protocol; use tcp, udp or both with a comma between them.`);
    return protocol ?? [];
  });
}

function readPorts(text: string, rule: string, note: Note): readonly Range[] | null {
  if (text === "" || text === "*") return [EVERY_PORT];
  const entries = text.split(",");
  const ranges = entries.flatMap((entry) => {
    const range = readRange(entry, "two at least");
    if (range === null)
      note(`"${entry}" in "${rule}" is neither a port nor a range such as 8000-8100; use 0 to ${MAX_PORT}.`);
    return range ?? [];
  });
  const slots = ranges.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0);
  if (slots > SLOTS)
    note(`"${rule}" has too many ports: ${SLOTS} fit in one rule, and a range takes two. Write it as several rules.`);
  return ranges.length < entries.length || slots > SLOTS ? null : ranges;
}

function readUids(text: string, rule: string, note: Note): Range | null {
  const uids = readRange(text, "one allowed");
  if (uids === null)
    note(`"${text}" in "${rule}" is neither a uid nor a range such as 2000-2002; kumactl takes 0 to ${MAX_PORT} here.`);
  return uids;
}

/** iptables refuses `90-80`, and for ports `80-80` too (extensions/libxt_multiport.c, 1.8.9). */
function readRange(text: string, width: "one allowed" | "two at least"): Range | null {
  const [, firstText = "", lastText = firstText] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim()) ?? [];
  const [first, last] = [Number(firstText), Number(lastText)];
  if (firstText === "" || last > MAX_PORT || first > last) return null;
  const isStrict = width === "two at least" && text.includes("-");
  return isStrict && first === last ? null : { first, last };
}

/** Reads addresses and networks with commas between them, of either family, and gives them as they were written, less blanks. */
export function readNetworks(rules: readonly string[], note: Note): readonly string[] {
  return rules.flatMap((rule) => {
    if (rule === "") note("An empty text excludes nothing; remove it, or write an address or a network.");
    return entriesOf(rule).flatMap((entry) => {
      const network = readNetwork(entry, "allowed", note);
      if (network === null || !isMapped(network)) return network ?? [];
      note(`"${network}" is an IPv4 address written as IPv6; write it as IPv4.`);
      return [];
    });
  });
}

/** The tool takes `::ffff:10.0.0.1` for IPv4, and iptables then refuses it. */
function isMapped(network: string): boolean {
  return (canonicalAddress(network.split("/")[0] ?? "") ?? "").startsWith("::ffff:");
}

function entriesOf(list: string): readonly string[] {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/**
 * Reads `docker0:172.17.0.0/16` or `br+:fd00::/64`, sorted by interface, IPv4 before IPv6. Of an interface that is named twice in a family
 * the last network counts (VNet.Initialize in pkg/transparentproxy/config/config.go at 348b6528bc23).
 */
export function readVirtualNetworks(texts: readonly string[], note: Note): readonly VirtualNetwork[] {
  const networks = texts.flatMap((text) => readVirtualNetwork(text, note) ?? []);
  const byPlace = new Map(networks.map((each) => [`${each.interface} ${familyOf(each.network)}`, each]));
  return [...byPlace].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, network]) => network);
}

function readVirtualNetwork(text: string, note: Note): VirtualNetwork | null {
  const [name = "", ...rest] = text.split(":");
  const networkText = rest.join(":");
  const network = parseNetwork(networkText);
  const faults: string[] = [];
  if (!INTERFACE.test(name)) faults.push(`"${name}" is not the name of an interface.`);
  if (!/\/\d{1,3}$/.test(networkText) || network === null) faults.push(`"${networkText}" is not a network.`);
  else if (network.mask === 0n) faults.push(`"${networkText}" contains every address, so nothing is outside it.`);
  if (faults.length === 0) return { interface: name, network: networkText };
  note(`${faults.join(" ")} Write INTERFACE:NETWORK, such as docker0:172.17.0.0/16.`);
  return null;
}
