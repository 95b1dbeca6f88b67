import { ICMP_TYPE_WANTED, readIcmpType } from "./icmp-types.ts";
import { isHashlimitRate, isPacketRate } from "./option-rates.ts";
import { areMonthdays, areWeekdays, isDate, isTimeOfDay } from "./option-times.ts";
import { parseMasked, parseNumber } from "./values.ts";
import { countBytes } from "./words.ts";

const U64 = 2 ** 64;

type TextCheck = readonly [holds: (value: string) => boolean, wanted: string];

const TIME_OF_DAY: TextCheck = [isTimeOfDay, "a time HH:MM or HH:MM:SS"];
const DATE: TextCheck = [isDate, "a date YYYY-MM-DD from 1970 to 2038, optionally followed by Thh:mm:ss"];
const HASH_RATE: TextCheck = [isHashlimitRate, "a rate such as 3/minute or 5kb/s, at most 1000000 packets a second"];
/** The kernel makes a file of this name. */
const PROC_NAME: TextCheck = [(value) => !/\/|^\.{1,2}$/.test(value), "a name without /"];
const GROUP: TextCheck = [
  (value) => value !== "" && (!/^\d/.test(value) || parseMasked(value) !== null),
  "a group's number or name",
];
const PORT_NAME: TextCheck = [(value) => countBytes(value) <= 15, "an interface's name of at most 15 characters"];
const DCCP_TYPES = "REQUEST RESPONSE DATA ACK DATAACK CLOSEREQ CLOSE RESET SYNC SYNCACK INVALID".split(" ");
const HMARK_FIELDS = "src dst sport dport spi ct".split(" ");
const EVENTS = "new related destroy reply assured protoinfo helper mark natseqinfo secmark".split(" ");

/** Texts that an extension itself takes, by its name and the option; others take any text. The sources are extensions/lib*.c, 1.8.9. */
const TEXTS: Readonly<Record<string, Readonly<Record<string, TextCheck>>>> = {
  statistic: { "--mode": [matching(/^(?:random|nth)$/), "random or nth"] },
  limit: { "--limit": [isPacketRate, "a rate such as 3/minute, at most 10000/second"] },
  time: {
    "--timestart": TIME_OF_DAY,
    "--timestop": TIME_OF_DAY,
    "--datestart": DATE,
    "--datestop": DATE,
    "--weekdays": [areWeekdays, "days such as Mon,Tue or 1,2"],
    "--monthdays": [areMonthdays, "days from 1 to 31, separated by commas"],
  },
  recent: { "--name": PROC_NAME },
  string: {
    "--algo": [matching(/^(?:bm|kmp)$/), "bm or kmp"],
    "--string": [(value) => countBytes(value) <= 128, "at most 128 bytes"],
    "--hex-string": [isHexString, "text with pairs of hexadecimal digits between bars, as |41 42|"],
  },
  u32: { "--u32": [isU32Test, "tests such as 0>>22&0x3C@4=0x1:0x5"] },
  connlabel: {
    "--label": [(value) => !/^\d/.test(value) || parseNumber(value, 127) !== null, "a label from 0 to 127"],
  },
  devgroup: { "--src-group": GROUP, "--dst-group": GROUP },
  physdev: { "--physdev-in": PORT_NAME, "--physdev-out": PORT_NAME },
  tcpmss: { "--mss": [isRising, "an ascending range"] },
  sctp: {
    "--chunk-types": [matching(/^(?:all|any|only)$/i), "all, any or only"],
  },
  dccp: { "--dccp-types": [areDccpTypes, `types among ${DCCP_TYPES.join(", ")}`] },
  icmp: { "--icmp-type": [(value) => readIcmpType(value, "icmp") !== null, ICMP_TYPE_WANTED] },
  icmp6: { "--icmpv6-type": [(value) => readIcmpType(value, "icmp6") !== null, ICMP_TYPE_WANTED] },
  tcp: { "--tcp-option": [(value) => (parseNumber(value, 255) ?? 0) > 0, "a number from 1 to 255"] },
  pkttype: {
    "--pkt-type": [
      matching(/^(?:unicast|broadcast|multicast|bcast|mcast|host|otherhost)$/i),
      "unicast, broadcast or multicast",
    ],
  },
  connbytes: {
    "--connbytes": [isRising, "an ascending range"],
    "--connbytes-dir": [matching(/^(?:original|reply|both)$/), "original, reply or both"],
    "--connbytes-mode": [matching(/^(?:packets|bytes|avgpkt)$/), "packets, bytes or avgpkt"],
  },
  policy: {
    "--dir": [matching(/^(?:in|out)$/), "in or out"],
    "--pol": [matching(/^(?:none|ipsec)$/), "none or ipsec"],
    "--mode": [matching(/^(?:transport|tunnel)$/), "transport or tunnel"],
    "--proto": [matching(/^(?:ah|esp|ipcomp|comp|50|51|108)$/i), "ah, esp or ipcomp"],
  },
  conntrack: {
    "--ctstatus": [
      matching(/^(?:none|expected|seen_reply|assured|confirmed)(?:,(?:none|expected|seen_reply|assured|confirmed))*$/i),
      "one or more of NONE, EXPECTED, SEEN_REPLY, ASSURED, CONFIRMED, separated by commas",
    ],
    "--ctdir": [matching(/^(?:original|reply)$/i), "ORIGINAL or REPLY"],
  },
  hashlimit: {
    "--hashlimit-upto": HASH_RATE,
    "--hashlimit-above": HASH_RATE,
    "--hashlimit": HASH_RATE,
    "--hashlimit-name": PROC_NAME,
    "--hashlimit-mode": [
      matching(/^(?:srcip|srcport|dstip|dstport)(?:,(?:srcip|srcport|dstip|dstport))*$/),
      "srcip, srcport, dstip, dstport",
    ],
  },
  dscp: { "--dscp-class": [matching(/^(?:cs[0-7]|be|af[1-4][1-3]|ef)$/i), "a class such as CS1, AF11, EF, BE"] },
  DSCP: { "--set-dscp-class": [matching(/^(?:cs[0-7]|be|af[1-4][1-3]|ef)$/i), "a class such as CS1, AF11, EF, BE"] },
  CT: {
    "--ctevents": [listOf(EVENTS), `events among ${EVENTS.join(", ")}`],
    "--expevents": [listOf(["new"]), "new"],
  },
  IDLETIMER: {
    "--label": PROC_NAME,
    "--timeout": [(value) => parseNumber(value, 2_147_483) !== null, "at most 2147483 s"],
  },
  NFQUEUE: { "--queue-balance": [isPair, "an ascending range FIRST:LAST"] },
  HMARK: {
    "--hmark-tuple": [listOf(HMARK_FIELDS), `fields among ${HMARK_FIELDS.join(", ")}`],
  },
  AUDIT: { "--type": [matching(/^(?:accept|drop|reject)$/i), "accept, drop or reject"] },
  CLASSIFY: { "--set-class": [matching(/^[0-9a-f]{1,4}:[0-9a-f]{1,4}$/i), "MAJOR:MINOR in hexadecimal"] },
};

/** Says what an option of an extension takes, where the text given is not that; null where it is, or where any text is taken. */
export function describeWantedText(extension: string, option: string, value: string): string | null {
  const [holds, wanted = null] = TEXTS[extension]?.[option] ?? [];
  return holds === undefined || holds(value) ? null : wanted;
}

function listOf(names: readonly string[]): (value: string) => boolean {
  return (value) => value.split(",").every((name) => names.includes(name));
}

function areDccpTypes(value: string): boolean {
  return listOf(DCCP_TYPES)(value.toUpperCase());
}

/** `5`, or a range whose end is not before its beginning. */
function isRising(value: string): boolean {
  const [low = "", high = ""] = value.split(":");
  return low === "" || high === "" || (parseNumber(low, U64) ?? 0) <= (parseNumber(high, U64) ?? 0);
}

function isPair(value: string): boolean {
  const [low, high] = value.split(":").map((part) => parseNumber(part, 65535));
  return typeof low === "number" && typeof high === "number" && low < high;
}

function isHexString(value: string): boolean {
  const parts = value.split("|");
  return parts.length % 2 === 1 && parts.every((part, i) => i % 2 === 0 || /^\s*(?:[0-9a-f]{2}\s*)*$/i.test(part));
}

/** Places, values and tests (u32_parse in extensions/libxt_u32.c, 1.8.9; iptables-extensions(8), u32). */
function isU32Test(value: string): boolean {
  const number = "(?:0x[0-9a-f]{1,8}|0[0-7]*|[1-9]\\d{0,9})";
  const [place, range] = [`${number}(?:(?:&|<<|>>|@)${number})*`, `${number}(?::${number})?`];
  const test = `${place}=${range}(?:,${range})*`;
  const isWritten = new RegExp(`^${test}(?:&&${test})*$`, "i").test(value.replaceAll(/\s/g, ""));
  return isWritten && (value.match(/\w+/g) ?? []).every((each) => parseNumber(each, 0xffffffff) !== null);
}

function matching(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value);
}
