const GROUPS = 8;
const DIGITS = 4;

/**
 * Gives the number of an IPv6 address, with a dotted tail or without, or null if the text is none: `readIpv6("::1")` is `1n`. No zone is
 * part of an address.
 */
export function readIpv6(text: string): bigint | null {
  const shortest = findShortest(text);
  if (shortest === null) return null;
  const [head = [], tail = []] = shortest.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const between = Array.from({ length: GROUPS - head.length - tail.length }, () => "0");
  return BigInt(`0x${[...head, ...between, ...tail].map((group) => group.padStart(DIGITS, "0")).join("")}`);
}

/** Gives the shortest text of an IPv6 address, in groups alone: `renderIpv6(1n)` is `::1`. Of larger numbers the last 128 bits count. */
export function renderIpv6(value: bigint): string {
  const digits = BigInt.asUintN(GROUPS * DIGITS * 4, value)
    .toString(16)
    .padStart(GROUPS * DIGITS, "0");
  return findShortest(digits.replace(/....(?=.)/g, "$&:")) ?? "";
}

/**
 * A URL has an IPv6 host in its shortest text (RFC 5952), and Node's reader of URLs is there from the start, where a library would take
 * longer to load than a small command to run. Whatever else a URL may have there is no address.
 */
function findShortest(text: string): string | null {
  return /^[\da-f:.]+$/i.test(text) ? (URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? null) : null;
}
