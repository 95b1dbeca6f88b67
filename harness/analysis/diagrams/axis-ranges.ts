import type { ValueRanges } from "../../model/value-ranges.ts";

/** A field of a packet that a match can compare with values. */
export type Field = "source" | "destination" | "source-port" | "destination-port" | "uid" | "gid";

/** Values that a match compares with, and the axis of the diagrams that they lie on. */
export interface AxisRanges {
  readonly axis: "addresses" | "ports" | "ids";
  readonly ranges: ValueRanges;
}

/** Values at which a match may tell flows apart, with the fields where it compares those alone. */
export interface SplitRanges extends AxisRanges {
  readonly fields?: readonly Field[];
}
