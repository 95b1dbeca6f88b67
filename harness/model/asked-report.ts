/** Which of a scenario's flows were asked for, where `--flows` names some: the report speaks of these alone. */
export interface AskedReport {
  /** The patterns of `--flows`, as typed. */
  readonly patterns: readonly string[];
  /** Flows that were asked for. */
  readonly flows: number;
  /** Flows that are driven without `--flows`. */
  readonly of: number;
  /** Asked flows of which nothing can be said although they were driven, and why. */
  readonly remaining: readonly { readonly flow: string; readonly why: string }[];
  /** Why not all flows that could have been asked for are known; null where they are. */
  readonly failure: string | null;
}

/** The same of a whole run; a scenario of which all flows were asked for counts with all of them. */
export interface AskedSummary extends Pick<AskedReport, "flows" | "of"> {
  /** Asked flows of which nothing can be said. */
  readonly left: number;
  /** Scenarios of which not all flows could be found. */
  readonly failed: number;
}
