import { tokenizeWords, type WordToken } from "../../meshes/word-tokens.ts";
import { codedFinding, type Finding, type Parsed, type WordFault } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";

/** One option of a command, as its parser, its help and shell completion take it. */
export interface OptionSpec {
  /** Long name without dashes: `sandbox`. */
  readonly name: string;
  /** One letter, only for options that are Istio's. */
  readonly short?: string;
  /** The name of its value in help texts (`FILE`), or null for a plain switch. */
  readonly value: string | null;
  /** Whether it may be given more than once and all values count; otherwise the last one wins. */
  readonly repeatable?: boolean;
  /** The values allowed, where the list is closed. */
  readonly choices?: readonly string[];
  /** What a shell offers as its value beside files, where the values are known only then. */
  readonly offers?: "namespaces";
  /** What the help text says of it, without a full stop: `the family to print (default 4)`. */
  readonly help: string;
}

/** What was typed: values by option name, in order, `[]` for a switch being absent; and the words that are no options. */
export interface ParsedOptions {
  /** Values by long name; a switch that is on has the value `""`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

interface PartialOptions {
  readonly options: ParsedOptions;
  readonly findings: readonly Finding[];
}

/**
 * Reads a command's words as getopt does: `-p15001`, `-p 15001`, `--name=value`, `--name value`; a value may begin with `-` and may be
 * empty; `--` ends the options. Gives every finding at once: unknown options, missing values, values outside their choices.
 */
export function parseOptions(args: readonly string[], specs: readonly OptionSpec[]): Parsed<ParsedOptions> {
  const { options, findings } = readOptions(args, specs);
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: options };
}

/** Gives a finding for each word of a command that takes only options. */
export function refuseWords({ positionals }: ParsedOptions): readonly Finding[] {
  return positionals.map((word) =>
    codedFinding("unexpected-word", word, "This command takes no such argument; remove it."),
  );
}

/** Reads words as {@link parseOptions} does. Gives both what could be read and the findings, for a caller that has more to check. */
export function readOptions(args: readonly string[], specs: readonly OptionSpec[]): PartialOptions {
  return readOptionTokens(tokenizeWords(args, specs), specs);
}

/**
 * Reads words as {@link readOptions} does, where they are tokens already. `others` are long names, without dashes, that the command knows
 * besides these.
 */
export function readOptionTokens(
  tokens: readonly WordToken[],
  specs: readonly OptionSpec[],
  others: readonly string[] = [],
): PartialOptions {
  const findings: Finding[] = [];
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const names = [...specs.map(({ name }) => name), ...others].map((name) => `--${name}`);
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs.find((known) => known.name === token.name);
    const fault = spec ? faultOf(spec, token.value) : unknownOption(token.rawName, names);
    if (fault !== null) findings.push(codedFinding(fault[0], token.rawName, fault[1]));
    else if (spec) keepValue(values, spec, token.value ?? "");
  }
  return { options: { values, positionals }, findings };
}

/** Of an option that cannot be repeated, the last value counts. */
function keepValue(values: Map<string, string[]>, { name, repeatable }: OptionSpec, value: string): void {
  values.set(name, repeatable ? [...(values.get(name) ?? []), value] : [value]);
}

function faultOf(spec: OptionSpec, value: string | undefined): WordFault | null {
  if (spec.value === null)
    return value === undefined ? null : ["invalid-value", "This option takes no value; remove the value."];
  if (value === undefined) return ["missing-value", `The value is missing; write --${spec.name} ${spec.value}.`];
  if (spec.choices && !spec.choices.includes(value))
    return ["invalid-value", `"${value}" is not one of ${spec.choices.join(", ")}.`];
  return null;
}

/** An option that was begun is meant as much as one that was mistyped. */
function unknownOption(rawName: string, names: readonly string[]): WordFault {
  const begun = names.filter((name) => rawName.length > 4 && name.startsWith(rawName));
  const near = begun.length > 0 ? begun : findNearNames(rawName, names);
  const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "; --help lists the options.";
  return ["unknown-option", `There is no such option${hint}`];
}

/** Gives the last value of an option, or undefined where it is not given. */
export function lastValue(options: ParsedOptions, name: string): string | undefined {
  return options.values.get(name)?.at(-1);
}
