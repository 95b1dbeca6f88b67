import { codedFinding, type Finding, type WordFault } from "../../model/finding.ts";
import type { NamedOption, WordToken } from "../word-tokens.ts";
import { CAPTURE_FLAGS, CAPTURE_OPTIONS, CAPTURE_SWITCHES, type SettingName } from "./options.ts";
import { SEED_COMMAND } from "./seed.ts";

/** A value from the command line, with its flag as typed: `-b` or `--istio-inbound-ports`. */
export interface TypedValue {
  readonly flag: string;
  readonly text: string;
}

/** The generator's words taken apart. */
export interface TypedFlags {
  /** The last value of each flag that is given. */
  readonly values: ReadonlyMap<SettingName, TypedValue>;
  /** `usage` for `-h`, wherever it stands; `check` for `-t`. */
  readonly purpose: "apply" | "check" | "usage";
  readonly findings: readonly Finding[];
}

/** What the generator's words are cut by. */
export const FLAG_WORDS: readonly NamedOption[] = [...CAPTURE_OPTIONS, ...CAPTURE_SWITCHES];

/**
 * Reads the generator's words, cut by {@link FLAG_WORDS} as its getopts does: `-p15001`, `-p 15001`, and a value may be empty or begin with
 * `-`; long names too.
 * Findings: unknown flags, missing values, stray words (one finding for all), and flags that have taken the next flag for their value.
 */
export function readFlags(tokens: readonly WordToken[]): TypedFlags {
  const findings: Finding[] = [];
  const values = new Map<SettingName, TypedValue>();
  const switches = new Set<string>();
  const stray = tokens.filter((token) => token.kind === "positional");
  for (const token of tokens) {
    if (token.kind === "positional" && token === stray[0])
      findings.push(codedFinding("unexpected-word", token.value, strayFault(stray.map(({ value }) => value))));
    if (token.kind !== "option") continue;
    const setting = CAPTURE_FLAGS.find((flag) => flag.name === token.name)?.setting;
    const fault = faultOf(token.name, token.value, setting !== undefined);
    if (fault !== null) findings.push(codedFinding(fault[0], token.rawName, fault[1]));
    else if (setting === undefined) switches.add(token.name);
    else values.set(setting, { flag: token.rawName, text: token.value ?? "" });
  }
  const purpose = switches.has("help") ? "usage" : switches.has("dry-run") ? "check" : "apply";
  return { values, purpose, findings };
}

function faultOf(name: string, value: string | undefined, takesValue: boolean): WordFault | null {
  const known = FLAG_WORDS.find((spec) => spec.name === name);
  if (!known) return ["unknown-flag", "There is no such flag; -h lists them."];
  if (!takesValue)
    return value === undefined ? null : ["invalid-value", "This option takes no value; remove the value."];
  if (value === undefined) {
    const message =
      "The value is missing: it is the last word. (The original silently ignores such a flag.) Write '' for an empty value.";
    return ["missing-value", message];
  }
  return isFlag(value) ? ["missing-value", swallowFault(name, value)] : null;
}

function isFlag(word: string): boolean {
  return FLAG_WORDS.some(({ name, short }) => word === `--${name}` || word === `-${short}`);
}

function swallowFault(name: string, value: string): string {
  const what = `It took the next word, "${value}", as its value, so ${value} is not set.`;
  const meant = name === "istio-service-exclude-cidr" && (value === "-b" || value === "--istio-inbound-ports");
  if (!meant) return `${what} Write the value before ${value}, or '' for an empty one.`;
  return (
    `${what} This is the article's command as printed: typesetting has lost the empty argument of -x. (The original drops the entry ` +
    `"-b", ignores everything from the next stray word on, and captures nothing inbound.) The command meant is: ${SEED_COMMAND}`
  );
}

/** As many stray words are named; a pattern that the shell has put file names in place of makes any number of them. */
const STRAY_NAMED_AT_MOST = 3;

/** One finding for all of them: where a pattern had no quotes, the remedy is one. */
function strayFault(words: readonly string[]): string {
  const names = [...new Set(words)].map((word) => `"${word}"`);
  const named =
    names.slice(0, STRAY_NAMED_AT_MOST).join(", ") + (names.length > STRAY_NAMED_AT_MOST ? " and others" : "");
  const [what, them] =
    words.length === 1
      ? [`The word ${named} does not belong to any flag.`, "it"]
      : [`${words.length} words do not belong to any flag: ${named}.`, "them"];
  const original = `(The original silently ignores ${them} and every flag after ${words.length === 1 ? them : "the first"}.)`;
  return `${what} ${original} Remove ${them}, or put quotes around a value with spaces or *: -i '*'.`;
}
