import type { RequiredBy } from "../../model/required-by.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import type { ReadManifestFile } from "../arguments/manifest-option.ts";
import { renderSettingWords } from "../arguments/mesh-words.ts";
import { lastValue } from "../arguments/options.ts";

/** Options beside the mesh's own that say what is required, in the order in which they are told. */
const SAYING = ["mesh-config", "pod-ip", "resolv-conf", "strict"] as const;
/** A list of ports or addresses is told up to here. */
const WORD_AT_MOST = 60;

/**
 * Says in few words what a run that is made from settings judges by: the mesh with its options as typed (those of its injector where none
 * was, those that a manifest gave), landfall's own options that matter, and the variables and files that set something.
 *
 * @example
 * describeRequiredBy(line, null)   // { kind: "settings", text: "--mesh istio-1.4 -u 1337 -b '*', and the variable ENVOY_PORT" }
 */
export function describeRequiredBy(line: CaptureCommandLine, manifest: ReadManifestFile | null): RequiredBy {
  const { options, mesh, captureWords, origins } = line;
  const contract = lastValue(options, "contract");
  if (mesh === null || contract !== undefined) return { kind: "contract", text: contract ?? "" };
  const further = SAYING.flatMap((name) =>
    (options.values.get(name) ?? []).flatMap((value) => (name === "strict" ? [`--${name}`] : [`--${name}`, value])),
  );
  if (manifest !== null) return { kind: "settings", text: describeManifest(manifest, further) };
  const own = captureWords[0] === "--mesh" ? captureWords.slice(2) : captureWords;
  const words = renderWords(["--mesh", mesh.name, ...own, ...further]);
  const named = (kind: string) => [
    ...new Set(Object.values(origins).flatMap((origin) => (origin.kind === kind && origin.name ? [origin.name] : []))),
  ];
  const variables = named("variable");
  const others = [
    ...(variables.length > 0
      ? [`the ${variables.length === 1 ? "variable" : "variables"} ${variables.join(", ")}`]
      : []),
    ...named("file"),
  ];
  return { kind: "settings", text: [words, ...others].join(", and ") };
}

/** Annotations outweigh words, and have no words of their own. */
function describeManifest({ path, mesh, tokens, config }: ReadManifestFile, further: readonly string[]): string {
  const words = config === null ? renderSettingWords(tokens) : [];
  const rest = config === null ? "" : ", with the settings of its annotations";
  return `${path}: ${renderWords(["--mesh", mesh.name, ...words, ...further])}${rest}`;
}

function renderWords(words: readonly string[]): string {
  return words.map(quoteForShell).map(shorten).join(" ");
}

function shorten(word: string): string {
  return word.length <= WORD_AT_MOST ? word : `${word.slice(0, WORD_AT_MOST)}…`;
}
