import { parseNumber } from "./values.ts";

/** Seconds of each unit, which may be written as far as one likes: `s`, `sec`, `second`. */
const UNITS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400 };
/** The fastest rate, in packets a second (`XT_LIMIT_SCALE`, `XT_HASHLIMIT_SCALE_v2`). */
const FASTEST = { limit: 10_000, hashlimit: 1_000_000 } as const;

/** Says whether limit takes a rate: `5`, `5/min`, at most 10000 packets a second (parse_rate in extensions/libxt_limit.c, 1.8.9). */
export function isPacketRate(value: string): boolean {
  return /^\d+(?:\/[a-z]+)?$/i.test(value) && isSlowEnough(value, FASTEST.limit);
}

/**
 * Says whether hashlimit takes a rate: packets, at most a million a second, or bytes, `5kb/s` (parse_rate, parse_bytes in
 * extensions/libxt_hashlimit.c, 1.8.9).
 */
export function isHashlimitRate(value: string): boolean {
  const bytes = bytesOf(value.replace(/\/.*$/, ""));
  if (bytes !== null) return bytes > 0 && unitOf(value) !== null;
  return /^\d+[^/]*(?:\/[a-z]+)?$/i.test(value) && isSlowEnough(value, FASTEST.hashlimit);
}

/** Gives what is wrong with a burst beside a rate, or null: 1 to 1000000 packets, or no fewer bytes than the rate has a second. */
export function describeBurst(burst: string, rate: string): string | null {
  const bytes = bytesOf(rate.replace(/\/.*$/, ""));
  const given = bytesOf(burst) ?? parseNumber(burst, Number.MAX_SAFE_INTEGER);
  if (bytes === null)
    return given !== null && given >= 1 && given <= FASTEST.hashlimit ? null : "a number from 1 to 1000000";
  // The rate is kept as a cost for 16 bytes, and so rounded.
  const least = unitOf(rate) === 1 ? Math.floor(bytes / 16) * 16 : 1;
  return given !== null && given >= least ? null : `bytes, at least ${least}`;
}

/** Gives `5kb` as a number of bytes, or null if it is not one. */
function bytesOf(text: string): number | null {
  const [, digits, unit = ""] = /^(\d+)(b|kb|mb)$/i.exec(text) ?? [];
  const factor = { b: 1, kb: 1024, mb: 1024 ** 2 }[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

function isSlowEnough(value: string, fastest: number): boolean {
  const [seconds, count] = [unitOf(value), Number.parseInt(value, 10)];
  return seconds !== null && count >= 1 && count <= fastest * seconds;
}

/** Gives the seconds of a rate's unit: 1 where it has none. */
function unitOf(value: string): number | null {
  const at = value.indexOf("/");
  if (at < 0) return 1;
  const unit = value.slice(at + 1).toLowerCase();
  const name = unit === "" ? undefined : Object.keys(UNITS).find((each) => each.startsWith(unit));
  return name === undefined ? null : (UNITS[name] ?? null);
}
