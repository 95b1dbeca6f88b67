const [DOT, ZERO, NINE] = [".", "0", "9"].map((sign) => sign.charCodeAt(0)) as [number, number, number];

/**
 * Gives the number of an IPv4 address as nearly every one of large rule sets is written; -1 for any other text, right or wrong. The address
 * is the whole text, or what stands between two places of it.
 *
 * @example
 * readFourParts("10.96.0.1")           // 174063617
 * readFourParts("-d 10.96.0.1", 3, 12) // 174063617
 * readFourParts("10.96.1")             // -1
 */
export function readFourParts(text: string, from = 0, until = text.length): number {
  if (until - from > 15) return -1;
  let value = 0;
  let at = from;
  for (let parts = 1; parts <= 4; parts++) {
    const end = findPartEnd(text, at);
    if (end === at || (text.charCodeAt(end) === DOT) !== parts < 4) return -1;
    const part = readPart(text, at, end);
    if (part > 255) return -1;
    value = value * 256 + part;
    at = end + 1;
  }
  return at === until + 1 ? value : -1;
}

/** Gives where the digits end that begin at `from`. */
function findPartEnd(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at++;
  return at;
}

/** Reads one part; 256 where it has a 0 too many in front. */
function readPart(text: string, from: number, end: number): number {
  if (end - from > 1 && text.charCodeAt(from) === ZERO) return 256;
  let part = 0;
  for (let at = from; at < end; at++) part = part * 10 + text.charCodeAt(at) - ZERO;
  return part;
}

/** Gives the text of an IPv4 address from its number, 0 to 2^32 - 1; the inverse of {@link readFourParts}. */
export function renderFourParts(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
