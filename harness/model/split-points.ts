import type { ValueRanges } from "./value-ranges.ts";

/** Values at which flows of one family are to be told apart: within one range, and outside all, nothing tells one value from another. */
export interface SplitPoints {
  readonly addresses: ValueRanges;
  readonly ports: ValueRanges;
  /** Of uids and gids alike. */
  readonly ids: ValueRanges;
  /** Of socket marks. */
  readonly marks: ValueRanges;
}
