import { renderToken, tokenizeWords, type WordToken } from "../capture/words.ts";
import { quoteWord } from "../formats/words.ts";
import { findMesh, MESHES, type NamedMesh } from "../meshes/meshes.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import { findNearNames } from "../model/near-names.ts";
import type { OptionSpec } from "./options.ts";

/** The mesh whose flags every command takes where no `--mesh` stands. */
export const DEFAULT_MESH = "istio-1.4";

/** Words that were dealt out. */
export interface DealtWords {
  /** The command's own. */
  readonly own: readonly string[];
  /** Those that the mesh reads, in order. */
  readonly mesh: readonly string[];
}

/**
 * Takes `--mesh NAME` out of a command's words, wherever it stands, and gives the mesh with the words that are left; null stands for Istio
 * 1.4. Adds a finding where there is no such mesh.
 *
 * @example
 * takeMesh(["--family", "6", "--mesh", "linkerd"], []) // { mesh: linkerd, words: ["--family", "6"] }
 */
export function takeMesh(words: readonly string[], findings: Finding[]) {
  const at = words.findIndex((word) => word === "--mesh" || word.startsWith("--mesh="));
  if (at < 0) return { mesh: null, words };
  const isApart = words[at] === "--mesh";
  const name = isApart ? words[at + 1] : words[at]?.slice("--mesh=".length);
  const left = words.toSpliced(at, isApart ? 2 : 1);
  const mesh = findMesh(name ?? "");
  if (mesh === null && name !== DEFAULT_MESH)
    findings.push(codedFinding("unknown-name", "--mesh", describeUnknownMesh(name)));
  return { mesh, words: left };
}

/** Says in a sentence that a mesh is not known, and which are meant or there. */
export function describeUnknownMesh(name: string | undefined): string {
  const names = [DEFAULT_MESH, ...MESHES.map((mesh) => mesh.name)];
  if (name === undefined) return `The value is missing; write one of ${names.join(", ")}.`;
  const near = findNearNames(name, names);
  return near.length > 0
    ? `There is no mesh "${name}"; did you mean ${near.join(" or ")}?`
    : `There is no mesh "${name}"; the meshes are ${names.join(", ")}.`;
}

/** Says which settings a mesh means where none is given: `what linkerd's own injector gives: --proxy-uid 2102`. */
export function describeInjected({ name, injected }: NamedMesh): string {
  const given = [...injected.words.map(quoteWord), ...(injected.config === null ? [] : [injected.config.text])];
  return given.length === 0
    ? `the defaults of ${name}'s own tool.`
    : `what ${name}'s own injector gives: ${given.join(" ")}`;
}

/**
 * Deals words out between a command, which takes its own long options, and a mesh, which takes all others. A value that stands behind one
 * of the mesh's options stays with it, whatever it looks like.
 */
export function dealWords(words: readonly string[], specs: readonly OptionSpec[], { options }: NamedMesh): DealtWords {
  const own: string[] = [];
  const mesh: string[] = [];
  const isOwn = (token: WordToken) =>
    token.kind === "option" && specs.some(({ name }) => token.rawName === `--${name}`);
  const named = options.flatMap(({ flag, letter, value }) =>
    flag === null ? [] : [{ name: flag, value, ...(letter === null ? {} : { short: letter }) }],
  );
  for (const token of tokenizeWords(words, [...named, ...specs]))
    (isOwn(token) ? own : mesh).push(...renderToken(token));
  return { own, mesh };
}
