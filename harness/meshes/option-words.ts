import { codedFinding, type Finding, type WordFault } from "../model/finding.ts";
import { findNearNames } from "../model/near-names.ts";
import type { MeshOption } from "./mesh.ts";
import { type NamedOption, type OptionToken, tokenizeWords, type WordToken } from "./word-tokens.ts";

/** What a command line says of one setting: the option as it was typed, and its values in order. */
export interface GivenValue {
  /** As typed: `-b`, `--istio-inbound-ports`. */
  readonly flag: string;
  /** In order; a switch has `true` or what stands behind its `=`. */
  readonly texts: readonly string[];
}

/** What a tool's words say: values by setting, findings, and whether they ask for the usage. */
export interface ReadWords {
  readonly values: ReadonlyMap<string, GivenValue>;
  /** Whether `-h` or `--help` is among the words. */
  readonly asksForHelp: boolean;
  readonly findings: readonly Finding[];
}

const HELP = "help";
const DRY_RUN = "dry-run";
/** Switches of a mesh's own tool that set nothing: they ask for its usage, or only to check the input. */
const SWITCHES: readonly NamedOption[] = [
  { name: HELP, short: "h", value: null },
  { name: DRY_RUN, short: "t", value: null },
];

/** Gives those switches that set nothing whose names and letters no option of a mesh has. */
function freeSwitches(options: readonly MeshOption[]): readonly NamedOption[] {
  const isTaken = ({ name, short }: NamedOption) =>
    options.some(({ flag, letter }) => flag !== null && (flag === name || letter === short));
  return SWITCHES.filter((one) => !isTaken(one));
}

/** Gives what a mesh's words are cut by: its options, and the switches that are free. */
export function namedOptions(options: readonly MeshOption[]): readonly NamedOption[] {
  const named = options.flatMap(({ flag, letter, value }): readonly NamedOption[] =>
    flag === null ? [] : [{ name: flag, value, ...(letter === null ? {} : { short: letter }) }],
  );
  return [...named, ...freeSwitches(options)];
}

/** Says whether a token changes no rule: the mesh's own tool would only check its input, or show its usage. */
export function isIdleToken(token: WordToken): boolean {
  return token.kind === "option" && SWITCHES.some(({ name }) => name === token.name);
}

/** Says whether a token asks for a dry run of which the mesh's own tool knows nothing: it is landfall's then. */
export function isOwnDryRun(token: WordToken, options: readonly MeshOption[]): boolean {
  return (
    token.kind === "option" && token.name === DRY_RUN && freeSwitches(options).some(({ name }) => name === DRY_RUN)
  );
}

/** Says whether words ask for the usage. */
export function asksForUsage(tokens: readonly WordToken[]): boolean {
  return tokens.some((token) => token.kind === "option" && token.name === HELP);
}

/**
 * Cuts a tool's words that are not from the command line: those of a scenario, a manifest, an injector or a program that uses the library.
 * `others` are options beside the mesh's own. Nothing is refused here: an unknown option is a token too, and the mesh that reads the
 * tokens makes a finding of it.
 *
 * @example
 * cutOptionWords(["-b", "80"], mesh.options)   // mesh: current Istio
 * // [{ kind: "option", name: "istio-inbound-ports", rawName: "-b", value: "80", inlineValue: false }]
 */
export function cutOptionWords(
  words: readonly string[],
  options: readonly MeshOption[],
  others: readonly NamedOption[] = [],
): readonly WordToken[] {
  return tokenizeWords(words, [...others, ...namedOptions(options)]);
}

/**
 * Reads the words of a tool whose options follow pflag (github.com/spf13/pflag), as those of current Istio, Linkerd and Kuma do:
 * `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`; switches `--name` and `--name=false`; a value may begin with `-`.
 * Gives every finding: unknown options with what may be meant, missing values, words that belong to no option.
 *
 * @example
 * const tokens = cutOptionWords(["-b", "80,443", "--ipv6=false"], options);
 * readOptionWords(tokens, options).values.get("inboundPorts") // { flag: "-b", texts: ["80,443"] }
 */
export function readOptionWords(tokens: readonly WordToken[], options: readonly MeshOption[]): ReadWords {
  const named = options.filter(({ flag }) => flag !== null);
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
  const asksForHelp = given.some(({ name }) => name === HELP && named.every(({ flag }) => flag !== HELP));
  return { values, asksForHelp, findings };
}

function textOf({ rawName, value = "true", inlineValue }: OptionToken): string {
  return !rawName.startsWith("--") && inlineValue ? value.replace(/^=/, "") : value;
}

function faultOfUnknown({ name, rawName }: OptionToken, options: readonly MeshOption[]): WordFault | null {
  return name === HELP ? null : ["unknown-option", describeUnknown(rawName, options)];
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
