import type { ReadSettings } from "../../meshes/mesh.ts";
import { defaultMesh, findMesh, MESHES, type NamedMesh, namingWords } from "../../meshes/meshes.ts";
import { isIdleToken, isOwnDryRun, namedOptions } from "../../meshes/option-words.ts";
import { renderToken, tokenizeWords, type WordToken } from "../../meshes/word-tokens.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import type { OptionSpec } from "./options.ts";

/** `--dialect` is the older name of `--mesh`. */
const MESH_OPTIONS = ["--mesh", "--dialect"];

/**
 * Takes `--mesh NAME` out of a command's words, wherever it stands, and gives the mesh with the words that are left. Of several the last
 * counts. Adds a finding where there is no such mesh, and gives the default one then.
 *
 * @example
 * takeMesh(["--family", "6", "--mesh", "linkerd"], []) // { mesh: linkerd, words: ["--family", "6"] }
 */
export function takeMesh(
  words: readonly string[],
  findings: Finding[],
): { readonly mesh: NamedMesh; readonly words: readonly string[]; readonly isNamed: boolean } {
  let mesh = defaultMesh();
  let isNamed = false;
  const left: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const option = MESH_OPTIONS.find((name) => word === name || word.startsWith(`${name}=`));
    if (option === undefined) {
      left.push(word);
      continue;
    }
    const isApart = word === option;
    const name = isApart ? words[at + 1] : word.slice(option.length + 1);
    isNamed = true;
    if (isApart) at++;
    const found = findMesh(name ?? "");
    if (found === null) findings.push(codedFinding("unknown-name", option, describeUnknownMesh(name)));
    else mesh = found;
  }
  return { mesh, words: left, isNamed };
}

/** Says in a sentence that a mesh is not known, and which are meant or there. */
export function describeUnknownMesh(name: string | undefined): string {
  const names = MESHES.map((mesh) => mesh.name);
  if (name === undefined) return `The value is missing; write one of ${names.join(", ")}.`;
  const near = findNearNames(name, names);
  return near.length > 0
    ? `There is no mesh "${name}"; did you mean ${near.join(" or ")}?`
    : `There is no mesh "${name}"; the meshes are ${names.join(", ")}.`;
}

/** The words of a command line by whom they are for: the command or the mesh. */
export interface DealtWords {
  /** The command's own, for `readOptionTokens`. */
  readonly own: readonly WordToken[];
  /** Those that the mesh reads, in order. */
  readonly mesh: readonly WordToken[];
  /** Whether one of the mesh's options that changes settings is among them, beside those that only choose the kind of rules. */
  readonly setsAnything: boolean;
  /** Whether `-t` or `--dry-run` is among the words although the mesh's own tool has no such option: it is landfall's then. */
  readonly asksForDryRun: boolean;
}

/**
 * Cuts words, and deals them out between a command, which takes its own long options, and a mesh, which takes all others. A value that
 * stands behind one of the mesh's options stays with it, whatever it looks like. Long options that nobody knows are the command's to
 * refuse; words that belong to no option are its own too where `positionals` says so.
 */
export function dealWords(
  words: readonly string[],
  specs: readonly OptionSpec[],
  { options }: NamedMesh,
  positionals: "own" | "none",
): DealtWords {
  const own: WordToken[] = [];
  const mesh: WordToken[] = [];
  let setsAnything = false;
  let asksForDryRun = false;
  const named = namedOptions(options);
  const isMeshs = (token: WordToken & { kind: "option" }) =>
    !token.rawName.startsWith("--") || named.some(({ name }) => name === token.name);
  const setting = new Set(options.flatMap(({ flag, choosesKind }) => (choosesKind ? [] : (flag ?? []))));
  for (const token of tokenizeWords(words, [...specs, ...named])) {
    const isOwn = token.kind === "option" ? !isMeshs(token) : positionals === "own";
    if (isOwnDryRun(token, options)) {
      asksForDryRun = true;
      continue;
    }
    setsAnything ||= token.kind === "option" && !isIdleToken(token) && setting.has(token.name);
    if (isOwn) own.push(token);
    else mesh.push(token);
  }
  return { own, mesh, setsAnything, asksForDryRun };
}

/** Gives what words ask for, from what the mesh's own reader makes of them: `check` with a dry run that only landfall knows. */
export function findPurpose(
  purpose: ReadSettings<unknown>["purpose"],
  { asksForDryRun }: Pick<DealtWords, "asksForDryRun">,
): ReadSettings<unknown>["purpose"] {
  return purpose === "apply" && asksForDryRun ? "check" : purpose;
}

/** Gives tokens as words, without those that only check the input or ask for help. */
export function renderSettingWords(tokens: readonly WordToken[]): readonly string[] {
  return tokens.filter((token) => !isIdleToken(token)).flatMap(renderToken);
}

/**
 * Gives the words that mean the same settings on another command line: those of a mesh, or `--manifest` with the path of one.
 *
 * @example
 * writeCaptureWords(linkerd, tokens, null)   // ["--mesh", "linkerd", "--proxy-uid", "2102"]
 */
export function writeCaptureWords(
  mesh: NamedMesh,
  tokens: readonly WordToken[],
  manifest: { readonly path: string } | null,
): readonly string[] {
  return manifest === null ? [...namingWords(mesh), ...renderSettingWords(tokens)] : ["--manifest", manifest.path];
}
