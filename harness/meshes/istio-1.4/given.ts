import { codedFinding, type Finding, type finding } from "../../model/finding.ts";
import type { FindingCode } from "../../model/finding-codes.ts";
import type { EnvironmentFileValues } from "./environment.ts";
import { flagOf, type SettingName } from "./options.ts";
import type { TypedValue } from "./words.ts";

/** Where a setting's value came from. */
export type Origin =
  /** A flag, as typed. */
  | { readonly kind: "flag"; readonly flag: string }
  | { readonly kind: "file"; readonly path: string; readonly line: number; readonly variable: string }
  | { readonly kind: "variable"; readonly variable: string }
  /** Another setting of which it is a copy. */
  | { readonly kind: "copy"; readonly of: SettingName }
  | { readonly kind: "default" };

/** A setting's text as given, and where it stands. */
export interface Given {
  readonly text: string;
  readonly origin: Origin;
}

/** Takes a message about a value, and the column in it that the message is about. */
export type ColumnNote = (message: string, column?: number | null) => void;

/** Every place a setting can come from, the strongest first. */
export interface Places {
  readonly flags: ReadonlyMap<SettingName, TypedValue>;
  readonly files: readonly { readonly path: string; readonly values: EnvironmentFileValues }[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Gives a setting's text, which may be empty, from the place of highest precedence that has it; null where none has. */
export function findGiven(setting: SettingName, places: Places): Given | null {
  const typed = places.flags.get(setting);
  if (typed) return { text: typed.text, origin: { kind: "flag", flag: typed.flag } };
  const { variable } = flagOf(setting);
  return variable === null ? null : findVariable(variable, places);
}

/** Gives a variable's text: sidecar.env, then cluster.env, then the process's environment. */
export function findVariable(variable: string, { files, environment }: Places): Given | null {
  for (const { path, values } of files) {
    const found = values.get(variable);
    if (found) return { text: found.value, origin: { kind: "file", path, line: found.line, variable } };
  }
  const text = environment[variable];
  return text === undefined ? null : { text, origin: { kind: "variable", variable } };
}

/** Gives a note-taker that writes findings about a value to a list. A column is told where the value is a user's own word. */
export function makeNote(origin: Origin, findings: Finding[], code: FindingCode = "invalid-value"): ColumnNote {
  const add = (...[where, message, line, column]: Parameters<typeof finding>) =>
    void findings.push(codedFinding(code, where, message, line, column));
  return (message, column = null) => {
    if (origin.kind === "flag") add(origin.flag, message, null, column);
    else if (origin.kind === "file") add(origin.path, `${origin.variable}: ${message}`, origin.line);
    else add(origin.kind === "variable" ? origin.variable : "default", message, null, column);
  };
}
