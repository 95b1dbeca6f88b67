import { codedFinding, type Finding } from "../model/finding.ts";
import { findNearNames } from "../model/near-names.ts";
import type { ManifestSource, MeshAnnotation } from "./manifest.ts";
import type { ManifestContainer, ManifestPath, PodManifest } from "./manifest-pod.ts";
import type { MeshOption } from "./mesh.ts";
import { cutOptionWords, type GivenValue, readOptionWords } from "./option-words.ts";
import { splitList } from "./values.ts";
import { renderToken, type WordToken } from "./word-tokens.ts";

/** An annotation of which the injector makes words for the mesh's own tool. */
export interface AnnotatedOption extends MeshAnnotation {
  /** Gives the words for a value: `["-b", "80,443"]`; none where the pod says that it does not count. */
  words(value: string, pod: PodManifest): readonly string[];
  /** Gives the words that the pod must have already if this annotation alone is looked at; {@link words} if left out. */
  says?(value: string): readonly string[];
  /** Entries that may be in the list although this annotation does not name them. */
  readonly mayAdd?: (pod: PodManifest) => readonly string[] | "anything";
}

/** What annotations are compared with, or put on top of. */
export interface AnnotatedTool {
  readonly options: readonly MeshOption[];
  readonly annotations: readonly AnnotatedOption[];
  /** Settings as the pod has them already: its init container's words, or a whole file of settings. Null where nothing of it is there. */
  readonly made: {
    readonly values: ReadonlyMap<string, GivenValue>;
    readonly called: string;
    readonly path: ManifestPath;
  } | null;
  /** Which of the two counts in a cluster, and why, in a sentence. */
  readonly wins: string;
}

/** Gives an annotation whose value the injector hands on as the value of an option. */
export function optionAnnotation(name: string, setting: string, help: string, flag: string): AnnotatedOption {
  return { name, setting, help, words: (value) => [flag, value] };
}

/** Gives the arguments of a pod's init container, which stand at `path`, as settings that the pod has already; null without it. */
export function settingsOfInit(
  init: ManifestContainer | null,
  args: readonly WordToken[],
  { options, path }: { readonly options: readonly MeshOption[]; readonly path: ManifestPath },
): AnnotatedTool["made"] {
  if (init === null) return null;
  const { values } = readOptionWords(args, options);
  return { values, called: `the init container ${init.name}`, path };
}

/** Says where words come from: from the init container, at `path`, or without it from the injector of `project` and annotations. */
export function sourceOfWords(
  tokens: readonly WordToken[],
  path: ManifestPath | null,
  { name, project }: { readonly name: string; readonly project: string },
): ManifestSource {
  const says =
    path === null
      ? `no init container ${name}, so the settings are those of ${project}'s injector with the pod's annotations`
      : `arguments of the init container ${name}`;
  return { says: `${says}: ${showTokens(tokens)}`, path };
}

/** Gives the path of an annotation in a pod. */
export function annotationPath(name: string): ManifestPath {
  return ["metadata", "annotations", name];
}

/** Gives words for a person to read: `-b '*'`. */
export function showTokens(tokens: readonly WordToken[]): string {
  return showWords(tokens.flatMap(renderToken));
}

function showWords(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}

/** An annotation as a pod has it. */
interface Given {
  readonly annotation: AnnotatedOption;
  readonly text: string;
  readonly tokens: readonly WordToken[];
}

/**
 * Gives the words that a pod's annotations lead to, one part for each annotation, with what was read from where. Findings: an annotation
 * that says something else than what the pod has already, and names that are nearly those of an annotation.
 */
export function readAnnotatedWords(
  pod: PodManifest,
  tool: AnnotatedTool,
): {
  readonly tokens: readonly WordToken[];
  readonly sources: readonly ManifestSource[];
  readonly findings: readonly Finding[];
} {
  const given = tool.annotations.flatMap((annotation): readonly Given[] => {
    const text = pod.annotations.get(annotation.name);
    if (text === undefined) return [];
    return [{ annotation, text, tokens: cutOptionWords(annotation.words(text, pod), tool.options) }];
  });
  const findings = [
    ...findNearAnnotations(pod, tool.annotations),
    ...given.flatMap((one) => findContradictions(one, pod, tool)),
  ];
  const sources = given.map(({ annotation: { name }, text, tokens }): ManifestSource => {
    const effect = tool.made === null ? showTokens(tokens) : `agrees with ${tool.made.called}`;
    return { says: `annotation ${name}: ${text}${effect === "" ? "" : ` (${effect})`}`, path: annotationPath(name) };
  });
  // Several annotations may lead to one option, each to the same words.
  const parts = new Map(given.map(({ tokens }) => [JSON.stringify(tokens.flatMap(renderToken)), tokens]));
  return { tokens: [...parts.values()].flat(), sources, findings };
}

/** Puts words in the place of those that set the same options: what the injector does with an annotation. */
export function replaceTokens(
  tokens: readonly WordToken[],
  by: readonly WordToken[],
  options: readonly MeshOption[],
): readonly WordToken[] {
  const replaced = readOptionWords(by, options).values;
  const kept = [...readOptionWords(tokens, options).values].filter(([setting]) => !replaced.has(setting));
  return [...kept.flatMap(([setting, given]) => tokensOf(setting, given, options)), ...by];
}

/** Gives values as tokens: a switch with its value, `--ipv6=true`. */
function tokensOf(setting: string, { flag, texts }: GivenValue, options: readonly MeshOption[]): readonly WordToken[] {
  const option = options.find((one) => one.setting === setting);
  const isSwitch = option?.value === null;
  const name = option?.flag ?? setting;
  return texts.map((text) => {
    const value = isSwitch && !flag.startsWith("--") ? `=${text}` : text;
    return { kind: "option", name, rawName: flag, value, inlineValue: isSwitch };
  });
}

function findContradictions(
  { annotation, text, tokens: words }: Given,
  pod: PodManifest,
  tool: AnnotatedTool,
): readonly Finding[] {
  const { made, options, wins } = tool;
  if (made === null) return [];
  const tokens = annotation.says === undefined ? words : cutOptionWords(annotation.says(text), options);
  return [...readOptionWords(tokens, options).values].flatMap(([setting, wanted]) => {
    const option = options.find((one) => one.setting === setting);
    const has = made.values.get(setting);
    if (option === undefined || isAlike(wanted, has, option, annotation.mayAdd?.(pod) ?? [])) return [];
    const found =
      has === undefined ? `leaves ${wanted.flag} out` : `has ${has.flag} ${showWords([has.texts.join(",")])}`;
    const place = pod.lineOf(made.path);
    return [
      codedFinding(
        "conflict",
        pod.file,
        `The annotation ${annotation.name} says "${text}", but ${made.called}${place === null ? "" : ` (line ${place})`} ${found}. ${wins} Give a manifest in which the two agree.`,
        pod.lineOf(annotationPath(annotation.name)),
      ),
    ];
  });
}

function isAlike(
  wanted: GivenValue,
  has: GivenValue | undefined,
  option: MeshOption,
  mayAdd: readonly string[] | "anything",
): boolean {
  const wantedEntries = entriesOf(wanted, option);
  if (has === undefined) return wantedEntries.every((entry) => entry === option.default) || wantedEntries.length === 0;
  const entries = entriesOf(has, option);
  return (
    wantedEntries.every((entry) => entries.includes(entry)) &&
    (mayAdd === "anything" || entries.every((entry) => wantedEntries.includes(entry) || mayAdd.includes(entry)))
  );
}

function entriesOf({ texts }: GivenValue, { repeats }: MeshOption): readonly string[] {
  const counted = repeats === "all" ? texts : texts.slice(-1);
  return counted
    .flatMap(splitList)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Names with the prefix of one of the annotations that are nearly its name. */
function findNearAnnotations(pod: PodManifest, annotations: readonly MeshAnnotation[]): readonly Finding[] {
  const names = annotations.map(({ name }) => name);
  const prefixes = new Set(names.map((name) => name.slice(0, name.indexOf("/") + 1)));
  return [...pod.annotations.keys()].flatMap((name) => {
    const isOwn = prefixes.has(name.slice(0, name.indexOf("/") + 1)) && !names.includes(name);
    const near = isOwn ? findNearNames(name, names) : [];
    if (near.length === 0) return [];
    const message = `There is no annotation ${name}; did you mean ${near.join(" or ")}?`;
    return [codedFinding("unknown-name", pod.file, message, pod.lineOf(annotationPath(name)))];
  });
}
