import { parseNumber } from "./values.ts";

/** Names of ICMP types and codes (extensions/libxt_icmp.h, 1.8.9). */
const ICMP_NAMES = (
  "any echo-reply pong destination-unreachable network-unreachable host-unreachable protocol-unreachable " +
  "port-unreachable fragmentation-needed source-route-failed network-unknown host-unknown network-prohibited " +
  "host-prohibited tos-network-unreachable tos-host-unreachable communication-prohibited " +
  "host-precedence-violation precedence-cutoff source-quench redirect network-redirect host-redirect " +
  "tos-network-redirect tos-host-redirect echo-request ping router-advertisement router-solicitation " +
  "time-exceeded ttl-exceeded ttl-zero-during-transit ttl-zero-during-reassembly parameter-problem " +
  "ip-header-bad required-option-missing timestamp-request timestamp-reply address-mask-request " +
  "address-mask-reply"
).split(" ");
const ICMP6_NAMES = (
  "destination-unreachable no-route communication-prohibited beyond-scope address-unreachable port-unreachable " +
  "failed-policy reject-route packet-too-big time-exceeded ttl-exceeded ttl-zero-during-transit " +
  "ttl-zero-during-reassembly parameter-problem bad-header unknown-header-type unknown-option echo-request " +
  "ping echo-reply pong router-solicitation router-advertisement neighbour-solicitation neighbor-solicitation " +
  "neighbour-advertisement neighbor-advertisement redirect"
).split(" ");
const ICMP_WANTED = "a type's name, its number, or TYPE/CODE";

type TextCheck = readonly [holds: (value: string) => boolean, wanted: string];

/** Texts that an extension itself takes, by its name and the option; others take any text. The sources are extensions/lib*.c, 1.8.9. */
const TEXTS: Readonly<Record<string, Readonly<Record<string, TextCheck>>>> = {
  statistic: { "--mode": [matching(/^(?:random|nth)$/), "random or nth"] },
  limit: {
    "--limit": [
      matching(/^0*[1-9]\d*(?:\/(?:s|se|sec|second|m|mi|min|minute|h|ho|hour|d|da|day))?$/i),
      "a rate such as 3/minute",
    ],
  },
  icmp: { "--icmp-type": [(value) => isIcmpType(value, ICMP_NAMES), ICMP_WANTED] },
  icmp6: { "--icmpv6-type": [(value) => isIcmpType(value, ICMP6_NAMES), ICMP_WANTED] },
  tcp: { "--tcp-option": [(value) => (parseNumber(value, 255) ?? 0) > 0, "a number from 1 to 255"] },
  pkttype: {
    "--pkt-type": [matching(/^(?:unicast|broadcast|multicast|bcast|mcast|host)$/i), "unicast, broadcast or multicast"],
  },
  connbytes: {
    "--connbytes-dir": [matching(/^(?:original|reply|both)$/), "original, reply or both"],
    "--connbytes-mode": [matching(/^(?:packets|bytes|avgpkt)$/), "packets, bytes or avgpkt"],
  },
  policy: {
    "--dir": [matching(/^(?:in|out)$/), "in or out"],
    "--pol": [matching(/^(?:none|ipsec)$/), "none or ipsec"],
    "--mode": [matching(/^(?:transport|tunnel)$/), "transport or tunnel"],
  },
  conntrack: {
    "--ctstatus": [
      matching(/^(?:none|expected|seen_reply|assured|confirmed)(?:,(?:none|expected|seen_reply|assured|confirmed))*$/i),
      "statuses among NONE, EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED, with commas between",
    ],
    "--ctdir": [matching(/^(?:original|reply)$/i), "ORIGINAL or REPLY"],
  },
  hashlimit: {
    "--hashlimit-mode": [
      matching(/^(?:srcip|srcport|dstip|dstport)(?:,(?:srcip|srcport|dstip|dstport))*$/),
      "srcip, srcport, dstip, dstport",
    ],
  },
  dscp: { "--dscp-class": [matching(/^(?:cs[0-7]|be|af[1-4][1-3]|ef)$/i), "a class such as CS1, AF11, EF, BE"] },
  DSCP: { "--set-dscp-class": [matching(/^(?:cs[0-7]|be|af[1-4][1-3]|ef)$/i), "a class such as CS1, AF11, EF, BE"] },
  AUDIT: { "--type": [matching(/^(?:accept|drop|reject)$/i), "accept, drop or reject"] },
  CLASSIFY: { "--set-class": [matching(/^[0-9a-f]{1,4}:[0-9a-f]{1,4}$/i), "MAJOR:MINOR in hexadecimal"] },
};

/** Says what an option of an extension takes, where the text given is not that; null where it is, or where any text is taken. */
export function describeWantedText(extension: string, option: string, value: string): string | null {
  const [holds, wanted = null] = TEXTS[extension]?.[option] ?? [];
  return holds === undefined || holds(value) ? null : wanted;
}

function matching(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value);
}

/** The beginning of a name will do (`parse_icmp` in extensions/libxt_icmp.h). */
function isIcmpType(value: string, names: readonly string[]): boolean {
  const lower = value.toLowerCase();
  const numbers = value.split("/");
  return (
    names.some((name) => name.startsWith(lower)) ||
    (numbers.length <= 2 && numbers.every((part) => parseNumber(part, 255) !== null))
  );
}
