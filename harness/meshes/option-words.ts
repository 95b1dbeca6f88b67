import { parseArgs } from "node:util";
import { codedFinding, type Finding, type WordFault } from "../model/finding.ts";
import { findNearNames } from "../model/near-names.ts";
import type { MeshOption } from "./mesh.ts";

/** What a command line says of one setting. */
export interface GivenValue {
  /** As typed: `-b`, `--istio-inbound-ports`. */
  readonly flag: string;
  /** In order; a switch has `true` or what stands behind its `=`. */
  readonly texts: readonly string[];
}

/** A tool's words taken apart. */
export interface ReadWords {
  readonly values: ReadonlyMap<string, GivenValue>;
  /** Whether `-h` or `--help` is among the words. */
  readonly asksForHelp: boolean;
  readonly findings: readonly Finding[];
}

const HELP = { name: "help", letter: "h" };

/**
 * Reads the words of a tool whose options follow pflag (github.com/spf13/pflag), as those of current Istio, Linkerd and Kuma do:
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`; switches `--name` and `--name=false`; a value may begin with `-`.
 * Gives every finding: unknown options with what may be meant, missing values, words that belong to no option.
 *
 * @example
 * readOptionWords(["-b", "80,443", "--ipv6=false"], options).values.get("inboundPorts") // { flag: "-b", texts: ["80,443"] }
 */
export function readOptionWords(words: readonly string[], options: readonly MeshOption[]): ReadWords {
  const named = options.filter(({ flag }) => flag !== null);
  const specs = named.map(({ flag, letter, value }) => {
    const type = value === null ? ("boolean" as const) : ("string" as const);
    return [flag ?? "", letter === null ? { type } : { type, short: letter }] as const;
  });
  const takesHelpLetter = named.every(({ letter }) => letter !== HELP.letter);
  const help = { type: "boolean" as const, ...(takesHelpLetter ? { short: HELP.letter } : {}) };
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    tokens: true,
    options: { ...Object.fromEntries(specs), [HELP.name]: help },
  });
  const values = new Map<string, GivenValue>();
  const findings: Finding[] = [];
  const given = tokens.filter((token) => token.kind === "option");
  for (const token of given) {
    const option = named.find(({ flag }) => flag === token.name) ?? null;
    const fault = option === null ? faultOfUnknown(token, named) : faultOfValue(token, option);
    if (fault !== null) findings.push(codedFinding(fault[0], token.rawName, fault[1]));
    else if (option !== null) {
      const before = values.get(option.setting)?.texts ?? [];
      values.set(option.setting, { flag: token.rawName, texts: [...before, textOf(token)] });
    }
  }
  const strays = tokens.filter((token) => token.kind === "positional").map(({ value }) => value);
  const [stray] = strays;
  if (stray !== undefined) findings.push(codedFinding("unexpected-word", stray, describeStrays(strays)));
  const asksForHelp = given.some(({ name }) => name === HELP.name && named.every(({ flag }) => flag !== HELP.name));
  return { values, asksForHelp, findings };
}

/** An option as `parseArgs` gives it. */
interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function textOf({ rawName, value = "true", inlineValue }: OptionToken): string {
  return !rawName.startsWith("--") && inlineValue ? value.replace(/^=/, "") : value;
}

function faultOfUnknown({ name, rawName }: OptionToken, options: readonly MeshOption[]): WordFault | null {
  return name === HELP.name ? null : ["unknown-option", describeUnknown(rawName, options)];
}

function faultOfValue({ rawName, value: given }: OptionToken, { value }: MeshOption): WordFault | null {
  if (value === null || given !== undefined) return null;
  return ["missing-value", `The value is missing: ${rawName} takes ${value}. Write '' for an empty value.`];
}

function describeUnknown(typed: string, options: readonly MeshOption[]): string {
  const names = options.flatMap(({ flag, letter }) => [
    ...(flag === null ? [] : [`--${flag}`]),
    ...(letter === null ? [] : [`-${letter}`]),
  ]);
  const near = typed.startsWith("--")
    ? findNearNames(
        typed,
        names.filter((name) => name.startsWith("--")),
      )
    : [];
  return `There is no such option${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "; --help lists them."}`;
}

const STRAYS_NAMED_AT_MOST = 3;

function describeStrays(words: readonly string[]): string {
  const names = [...new Set(words)].slice(0, STRAYS_NAMED_AT_MOST).map((word) => `"${word}"`);
  const named = names.join(", ") + (words.length > STRAYS_NAMED_AT_MOST ? " and others" : "");
  const what =
    words.length === 1
      ? `The word ${named} does not belong to any option.`
      : `These words do not belong to any option: ${named}.`;
  return `${what} Remove them, or put quotes around a value with spaces or *: -i '*'.`;
}

/** Reads a switch's value as Go's strconv.ParseBool does; null where it is neither. */
export function readSwitch(text: string): "on" | "off" | null {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return "on";
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? "off" : null;
}
