import type { NamedMesh } from "../../meshes/meshes.ts";
import type { Finding } from "../../model/finding.ts";
import type { CommandIo } from "../command.ts";
import type { ReadManifestFile, TakeManifest } from "./manifest-option.ts";
import { CAPTURE_LONG_OPTIONS } from "./mesh-specs.ts";
import { type DealtWords, dealWords, takeMesh } from "./mesh-words.ts";
import { type OptionSpec, type ParsedOptions, readOptionTokens } from "./options.ts";

/** How a command's words are cut. */
export interface CuttingOptions {
  /** The command's own long options; {@link CAPTURE_LONG_OPTIONS} are added. */
  readonly specs: readonly OptionSpec[];
  /** Whether words that belong to no option are the command's own (scenario names, a FLOW); otherwise they are findings. */
  readonly positionals: "own" | "none";
  /** What reads the manifest of `--manifest`, of a command that takes the option. */
  readonly takeManifest?: TakeManifest;
}

/** A command's words, cut: what settings are read from, as often as a command has to with what it has learned of a pod. */
export interface CutWords {
  /** The mesh that `--mesh` names, else the default one: help is about it. */
  readonly named: NamedMesh;
  readonly isNamed: boolean;
  /** The mesh whose options these are: the manifest's, or the one that is named. */
  readonly mesh: NamedMesh;
  /** The command's own options. */
  readonly options: ParsedOptions;
  readonly dealt: DealtWords;
  /** Whether `--manifest` was given. */
  readonly manifestFrom: "option" | "nowhere";
  /** Null without one, or where it cannot be read. */
  readonly manifest: ReadManifestFile | null;
  /** What is wrong with the words, before a mesh reads its own. */
  readonly findings: readonly Finding[];
}

/**
 * Cuts the words behind a command's name, once. `--mesh` and `--manifest` are taken out before: they say which options there are to cut
 * by, and so which words are values.
 */
export function cutCommandWords(
  args: readonly string[],
  command: CuttingOptions,
  io: Pick<CommandIo, "workingDirectory">,
): CutWords {
  const findings: Finding[] = [];
  const { mesh: named, words: given, isNamed } = takeMesh(args, findings);
  const taken = command.takeManifest?.(given, isNamed ? named : null, io, findings);
  const { words, manifest } = taken ?? { words: given, manifest: null };
  const mesh = manifest?.mesh ?? named;
  const specs = [...command.specs, ...CAPTURE_LONG_OPTIONS];
  const dealt = dealWords(words, specs, mesh, command.positionals);
  const names = mesh.options.flatMap(({ flag }) => flag ?? []);
  const { options, findings: ownFindings } = readOptionTokens(dealt.own, specs, names);
  const manifestFrom = words.length < given.length ? "option" : "nowhere";
  return { named, isNamed, mesh, options, dealt, manifestFrom, manifest, findings: [...findings, ...ownFindings] };
}
