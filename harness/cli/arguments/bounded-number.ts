import { type Finding, finding } from "../../model/finding.ts";

/** Reads an option's number within bounds, a whole one unless it is a percentage; null where it is not given. */
export function readBoundedNumber(
  where: string,
  text: string | undefined,
  [first, last]: readonly [number, number],
  findings: Finding[],
) {
  if (text === undefined) return null;
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= first && number <= last && (where === "--min-coverage" || Number.isInteger(number))) return number;
  findings.push(finding(where, `"${text}" is not a number from ${first} to ${last}.`));
  return null;
}
