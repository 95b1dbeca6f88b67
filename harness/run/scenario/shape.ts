import { codedFinding, type Finding } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import { isRecord } from "../../model/records.ts";

/** What a field of a value from a file must be: in words for the finding, and as a test. */
export interface Shape {
  readonly is: string;
  readonly holds: (value: unknown) => boolean;
  readonly presence: "required" | "optional";
}

/** Says whether a value is a text with something in it. */
export function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

/** Says whether a value is texts by name. */
export function isTexts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((text) => typeof text === "string");
}

/** Says whether a value is a list of such items. */
export function isListOf(value: unknown, holds: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds);
}

/** Gives what is wrong with one field, if anything; `place` stands before its name: `mine.ts: `, `mine.json: [0].`. */
export function checkField(
  value: Readonly<Record<string, unknown>>,
  field: string,
  shape: Shape,
  place: string,
): readonly Finding[] {
  if (value[field] === undefined)
    return shape.presence === "required"
      ? [codedFinding("missing-value", `${place}${field}`, `The field is missing; it is ${shape.is}.`)]
      : [];
  return shape.holds(value[field])
    ? []
    : [codedFinding("wrong-shape", `${place}${field}`, `This must be ${shape.is}.`)];
}

/** Gives a finding (`unknown-field`) for each field that does not exist, with the nearest existing name, or with its hint of `hints`. */
export function findUnknownFields(
  value: Readonly<Record<string, unknown>>,
  known: readonly string[],
  place: string,
  hints: Readonly<Record<string, string>> = {},
): readonly Finding[] {
  return Object.keys(value)
    .filter((field) => !known.includes(field))
    .map((field) => {
      const hint = Object.hasOwn(hints, field) ? hints[field] : undefined;
      return codedFinding("unknown-field", `${place}${field}`, describeUnknownField(field, known, hint));
    });
}

function describeUnknownField(field: string, known: readonly string[], given: string | undefined): string {
  if (given !== undefined) return `There is no such field; ${given}`;
  const near = findNearNames(field, known);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `the fields are ${known.join(", ")}.`;
  return `There is no such field; ${hint}`;
}
