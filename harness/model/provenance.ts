/** What a report was made with, and from what. */
export interface Provenance {
  /** landfall's version: `0.1.0`. */
  readonly version: string;
  /** When the report was made, ISO 8601 in UTC: `2026-11-29T08:17:06.000Z`. */
  readonly date: string;
  /** The command as typed, quoted for a shell: `landfall verify --rules rules.txt`. */
  readonly command: string;
  /**
   * Every file that was read for it, in the order of reading, as the user names it or relative to the working directory; `-` is standard
   * input. The hash, in hexadecimal, is that of the bytes that were read. Modules that a scenario file imports are not among them.
   */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Of a merged report, what each part was made with; absent otherwise, and for parts that do not say. */
  readonly merged?: readonly Provenance[];
}

/** Commands that ask about one flow of a scenario again, without the flow, quoted for a shell; null where none would ask the same. */
export interface FlowCommands {
  /** `landfall explain --rules rules.txt`; the flow goes behind it. */
  readonly explain: string | null;
  /** `landfall verify --rules rules.txt`; `--flows` and the flow go behind it. */
  readonly verify: string | null;
}

/** What `--evidence` has kept of a scenario. */
export interface KeptEvidence {
  /** The scenario's folder, relative to the working directory where it is below that. */
  readonly folder: string;
  /** Names of the files in it. */
  readonly files: readonly string[];
}

/** What a report of a scenario has where a command made it. */
export interface CommandNotes {
  readonly commands?: FlowCommands;
  /** Absent where no evidence was kept. */
  readonly evidence?: KeptEvidence;
}
