import type { MeshOption } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import { CAPTURE_LONG_OPTIONS } from "../arguments/mesh-specs.ts";
import type { OptionSpec } from "../arguments/options.ts";

/** One row of help: a word and what it means. */
export type HelpRow = readonly [term: string, text: string];

/** Rows under a title, as help shows them: terms in one column, what they mean in the next. */
export interface HelpSection {
  readonly title: string;
  readonly rows: readonly HelpRow[];
}

/** Options under a title, as help and completion list them. */
export interface OptionGroup {
  readonly title: string;
  readonly options: readonly OptionSpec[];
}

/** What a command says of itself; `renderHelp` lays every command's out alike. */
export interface CommandHelp {
  /** Each way to call it: `landfall diff BEFORE AFTER [OPTION…]`. */
  readonly usage: readonly string[];
  /** What it does, a text for each paragraph. */
  readonly about: readonly string[];
  /** Words other than options that need to be said: what the guarantees are. */
  readonly terms?: HelpSection;
  readonly options: readonly OptionGroup[];
  /** What follows the options. */
  readonly appendix?: HelpSection;
  /** Whether the mesh's options are listed one by one, only mentioned, or not taken at all. */
  readonly captureFlags: "listed" | "mentioned" | "none";
  /** Command lines, with what each is for. */
  readonly examples: readonly HelpRow[];
  /** What a shell offers for words that are no options; files if left out. Containers and names are offered in place of files. */
  readonly words?: "scenarios" | "containers" | readonly string[];
  /** What each exit code means here, by code. */
  readonly exitCodes: Readonly<Record<number, string>>;
}

/** The switch of Istio 1.4's generator that its usage lists beside the flags. */
const DRY_RUN: OptionSpec = {
  name: "dry-run",
  short: "t",
  value: null,
  help: "applies nothing; apply prints what would change",
};
const HELP_OPTION: OptionSpec = { name: "help", short: "h", value: null, help: "shows this text" };

/** Gives a command's options by group, with those that every command has, and those that come with a mesh's options. */
export function groupOptions({
  options,
  captureFlags,
}: Pick<CommandHelp, "options" | "captureFlags">): readonly OptionGroup[] {
  const own = options.map(({ title, options: listed }, i) => ({
    title,
    options: i === options.length - 1 ? [...listed, HELP_OPTION] : listed,
  }));
  return captureFlags === "none" ? own : [...own, { title: "Settings for every mesh", options: CAPTURE_LONG_OPTIONS }];
}

/** What is known of an option without its help text. */
export type ListedOption = Pick<OptionSpec, "name" | "short" | "value" | "choices" | "offers">;

/** Gives the options that a command's help lists, those of some meshes among them where it takes settings. */
export function listOptions(
  help: Pick<CommandHelp, "options" | "captureFlags">,
  meshes: readonly NamedMesh[],
): readonly ListedOption[] {
  const own = groupOptions(help).flatMap(({ options }) => options);
  const flags =
    help.captureFlags === "none" ? [] : [...meshes.flatMap(({ options }) => options.flatMap(listFlag)), DRY_RUN];
  const all = [...own, ...flags];
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/** Gives one of a mesh's options; none where it has no long name. */
function listFlag({ flag, letter, value, words }: MeshOption): readonly ListedOption[] {
  if (flag === null) return [];
  return [{ name: flag, value, ...(letter === null ? {} : { short: letter }), ...(words ? { choices: words } : {}) }];
}
