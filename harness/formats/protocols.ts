import { parseNumber } from "./values.ts";

/**
 * Numbers of the protocols that have a name, from /etc/protocols of Debian 12 (netbase 6.4). The first name of a number is the one iptables
 * prints.
 */
const NUMBERS: readonly (readonly [name: string, number: number])[] = [
  ["icmp", 1],
  ["igmp", 2],
  ["ggp", 3],
  ["ipencap", 4],
  ["st", 5],
  ["tcp", 6],
  ["egp", 8],
  ["igp", 9],
  ["pup", 12],
  ["udp", 17],
  ["hmp", 20],
  ["xns-idp", 22],
  ["rdp", 27],
  ["iso-tp4", 29],
  ["dccp", 33],
  ["xtp", 36],
  ["ddp", 37],
  ["idpr-cmtp", 38],
  ["ipv6", 41],
  ["ipv6-route", 43],
  ["ipv6-frag", 44],
  ["idrp", 45],
  ["rsvp", 46],
  ["gre", 47],
  ["esp", 50],
  ["ah", 51],
  ["skip", 57],
  ["ipv6-icmp", 58],
  ["icmpv6", 58],
  ["ipv6-nonxt", 59],
  ["ipv6-opts", 60],
  ["rspf", 73],
  ["vmtp", 81],
  ["eigrp", 88],
  ["ospf", 89],
  ["ax.25", 93],
  ["ipip", 94],
  ["etherip", 97],
  ["encap", 98],
  ["pim", 103],
  ["ipcomp", 108],
  ["vrrp", 112],
  ["l2tp", 115],
  ["isis", 124],
  ["sctp", 132],
  ["fc", 133],
  ["mobility-header", 135],
  ["mh", 135],
  ["ipv6-mh", 135],
  ["udplite", 136],
  ["mpls-in-ip", 137],
  ["manet", 138],
  ["hip", 139],
  ["shim6", 140],
  ["wesp", 141],
  ["rohc", 142],
  ["ethernet", 143],
];

/** Names that other systems have for numbers (IANA's protocol-numbers; /etc/protocols of RHEL 9). */
const OTHER_NAMES: readonly (readonly [name: string, number: number])[] = [
  ["ipv4", 4],
  ["cbt", 7],
  ["nvp-ii", 11],
  ["argus", 13],
  ["chaos", 16],
  ["mux", 18],
  ["prm", 21],
  ["netblt", 30],
  ["dsr", 48],
  ["swipe", 53],
  ["narp", 54],
  ["mobile", 55],
  ["tlsp", 56],
  ["sun-nd", 77],
  ["crtp", 126],
  ["crudp", 127],
  ["sps", 131],
  ["rsvp-e2e-ignore", 134],
];

const NUMBER_BY_NAME = new Map([...OTHER_NAMES, ...NUMBERS]);
const NAME_BY_NUMBER = new Map([...NUMBERS].reverse().map(([name, number]) => [number, name]));

/** Gives a protocol's number, `protocolNumber("udp")` is 17, or null if its name is not known. */
export function protocolNumber(protocol: string): number | null {
  return /^\d/.test(protocol) ? parseNumber(protocol, 255) : (NUMBER_BY_NAME.get(protocol) ?? null);
}

/**
 * Gives a protocol as iptables prints it, from a name or number: `6` gives `tcp`, `icmpv6` gives `ipv6-icmp`, `253` stays.
 * `"any"` for `all`, `0` and the names that mean it; null if it is not one.
 */
export function canonicalProtocol(text: string): string | null {
  const lower = text.toLowerCase();
  if (lower === "all" || lower === "ip" || lower === "hopopt") return "any";
  const number = protocolNumber(lower);
  if (number === null || number > 255) return null;
  return number === 0 ? "any" : (NAME_BY_NUMBER.get(number) ?? String(number));
}
