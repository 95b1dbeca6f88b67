import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { annotationPath, readAnnotatedWords, replaceTokens, settingsOfInit, showTokens } from "../annotated-words.ts";
import type { ManifestReader, ManifestSettings, ManifestSource } from "../manifest.ts";
import { findContainer, findContainers, findHints, findMarks, readRelease } from "../manifest-evidence.ts";
import type { ManifestContainer, PodManifest } from "../manifest-pod.ts";
import { readToolVariables } from "../manifest-variables.ts";
import { cutOptionWords } from "../option-words.ts";
import type { WordToken } from "../word-tokens.ts";
import { INTERCEPTION_ANNOTATION, ISTIO_ANNOTATIONS } from "./annotations.ts";
import { ISTIO_OPTIONS } from "./options.ts";

const INIT = "istio-init";
/** With Istio's CNI plugin this one stands in the init container's place; it applies nothing. */
const VALIDATION = "istio-validation";
const PROXY = "istio-proxy";
const INJECT = "sidecar.istio.io/inject";
/** Words of the init container's arguments that change no setting: the command's name, and what the CNI plugin's validation is told. */
const IDLE_WORDS = ["istio-iptables", "--run-validation", "--skip-rule-apply"];

/** What Istio's own injector gives where no annotation says otherwise. */
export const INJECTED_WORDS: readonly string[] = [
  ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
  ...["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"],
];

/** What the CNI plugin takes of the proxy's variables (cni/pkg/plugin/sidecar_redirect.go). */
const PLUGIN_VARIABLES = ["ISTIO_META_DNS_CAPTURE", "ISTIO_DUAL_STACK", "INVALID_DROP"];

/** What the tool itself reads. */
const TOOL_VARIABLES = ["ENVOY_USER", ...ISTIO_OPTIONS.flatMap(({ variable }) => variable ?? [])];

/** Reads the settings of istio-iptables from the manifest of a pod with a sidecar. */
export const ISTIO_MANIFEST: ManifestReader = {
  annotations: ISTIO_ANNOTATIONS,
  findEvidence: (pod) => {
    if (isOfOldRelease(pod)) return [];
    const made = [
      ...findContainers(pod, [INIT, VALIDATION, PROXY]),
      ...findHints(pod, ["sidecar.istio.io/status"]).map((each) => ({ ...each, strength: "sure" as const })),
    ];
    const isOff = [pod.labels, pod.annotations].some((marks) => marks.get(INJECT) === "false");
    if (made.length > 0 || isOff) return made;
    return [
      ...findMarks(pod, INJECT, ["true"], "hint"),
      ...findHints(
        pod,
        ISTIO_ANNOTATIONS.map(({ name }) => name),
      ),
    ];
  },
  read: readManifest,
};

/** Releases up to 1.4 have a generator of their own. */
function isOfOldRelease(pod: PodManifest): boolean {
  const release = readRelease(findContainer(pod, [INIT, VALIDATION, PROXY])?.image ?? "");
  return release !== null && release.major === 1 && release.minor <= 4;
}

function readManifest(pod: PodManifest): Parsed<ManifestSettings> {
  const init = findContainer(pod, [INIT, VALIDATION]);
  const args = cut((init?.args ?? []).filter((word) => !IDLE_WORDS.includes(word)));
  const made = settingsOfInit(init, args, ISTIO_OPTIONS);
  const wins =
    init?.name === VALIDATION
      ? "In the cluster the annotation counts: Istio's CNI plugin reads it when the pod starts."
      : `In the cluster the arguments of ${INIT} count: Istio's injector reads annotations only when it makes the pod.`;
  const read = readAnnotatedWords(pod, { options: ISTIO_OPTIONS, annotations: ISTIO_ANNOTATIONS, made, wins });
  const proxy = findContainer(pod, [PROXY]);
  const asked = init?.name === VALIDATION ? proxy : init;
  const names = init?.name === VALIDATION ? PLUGIN_VARIABLES : TOOL_VARIABLES;
  const variables = readToolVariables(pod, asked, names);
  const findings = [...(read.ok ? [] : read.findings), ...variables.findings, ...findNoCapture(pod, init)];
  if (!read.ok || findings.length > 0) return { ok: false, findings };
  const { tokens: given, sources } = read.value;
  const { environment } = variables;
  const result = (tokens: readonly WordToken[], says: string) => {
    const path = init === null ? null : [...init.path, "args"];
    const first: ManifestSource = { says: `${says}: ${showTokens(tokens)}`, path };
    return {
      ok: true,
      value: { tokens, config: null, environment, sources: [first, ...variables.sources, ...sources] },
    } as const;
  };
  if (init?.name === INIT) return result(args, `arguments of the init container ${INIT}`);
  if (init === null) {
    const tokens = replaceTokens(cut(INJECTED_WORDS), given, ISTIO_OPTIONS);
    const says = `no init container ${INIT}, so the settings are those of Istio's injector with the pod's annotations`;
    return result(tokens, says);
  }
  const tokens = replaceTokens(tokensOfPlugin(proxy), given, ISTIO_OPTIONS);
  const says = `the init container ${VALIDATION} applies nothing: Istio's CNI plugin does, by the pod's annotations`;
  return result(tokens, says);
}

function cut(words: readonly string[]): readonly WordToken[] {
  return cutOptionWords(words, ISTIO_OPTIONS);
}

/** What the plugin takes where no annotation says otherwise; it leaves 15020 alone outbound, too (sidecar_redirect.go). */
function tokensOfPlugin(proxy: ManifestContainer | null): readonly WordToken[] {
  const owner = (id: number | null | undefined) => `${id || 1337}`;
  return [
    ...replaceTokens(cut(INJECTED_WORDS), cut(["-u", owner(proxy?.runAsUser)]), ISTIO_OPTIONS),
    ...cut(["-g", owner(proxy?.runAsGroup), "-o", "15020"]),
  ];
}

/** Where the mode is NONE the injector adds no init container. */
function findNoCapture(pod: PodManifest, init: ManifestContainer | null): readonly Finding[] {
  if (init !== null || pod.annotations.get(INTERCEPTION_ANNOTATION) !== "NONE") return [];
  const message = `${INTERCEPTION_ANNOTATION} is NONE: Istio makes no rules for this pod, so there is nothing to check.`;
  return [codedFinding("nothing-asked", pod.file, message, pod.lineOf(annotationPath(INTERCEPTION_ANNOTATION)))];
}
