import { codedFinding, type Finding } from "../../model/finding.ts";
import { annotationPath, readAnnotatedWords, replaceTokens, settingsOfInit, showTokens } from "../annotated-words.ts";
import type { ManifestReader, ManifestReading, ManifestSource } from "../manifest.ts";
import { findContainer, findContainers, findHints, findMarks, readRelease } from "../manifest-evidence.ts";
import type { ManifestContainer, ManifestPath, PodManifest } from "../manifest-pod.ts";
import { readToolVariables } from "../manifest-variables.ts";
import { readProgramWords } from "../manifest-words.ts";
import { cutOptionWords, readOptionWords } from "../option-words.ts";
import type { WordToken } from "../word-tokens.ts";
import { INTERCEPTION_ANNOTATION, ISTIO_ANNOTATIONS } from "./annotations.ts";
import { ISTIO_OPTIONS } from "./options.ts";

const INIT = "istio-init";
/** With Istio's CNI plugin this one stands in the init container's place; it applies nothing. */
const VALIDATION = "istio-validation";
const PROXY = "istio-proxy";
/** What the injector tells the proxy of how traffic is captured. */
const MODE_VARIABLE = "ISTIO_META_INTERCEPTION_MODE";
const INJECT = "sidecar.istio.io/inject";
/** Words of the init container that change no setting: the command's name, what the CNI plugin's validation is told, and to apply again. */
const IDLE_WORDS = ["istio-iptables", "--run-validation", "--skip-rule-apply", "--force-apply"];

/** What Istio's own injector gives where no annotation says otherwise. */
export const INJECTED_WORDS: readonly string[] = [
  ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
  ...["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"],
];

/** What the CNI plugin takes of the proxy's variables (cni/pkg/plugin/sidecar_redirect.go). */
const PLUGIN_VARIABLES = ["ISTIO_META_DNS_CAPTURE", "ISTIO_DUAL_STACK", "INVALID_DROP"];

/** Ports that the plugin leaves alone inbound, whatever the annotation says. */
const PLUGIN_PORTS = ["15020", "15021", "15090"];

/** What Go's strconv.ParseBool takes for true. */
const GO_TRUE = ["1", "t", "T", "TRUE", "true", "True"];

/** What the tool itself reads. */
const TOOL_VARIABLES = ["ENVOY_USER", ...ISTIO_OPTIONS.flatMap(({ variable }) => variable ?? [])];

/** Reads the settings of istio-iptables from the manifest of a pod with a sidecar. */
export const ISTIO_MANIFEST: ManifestReader = {
  annotations: ISTIO_ANNOTATIONS,
  proxyContainers: [PROXY],
  findEvidence: (pod) => {
    if (isOfOldRelease(pod)) return [];
    const made = [
      ...findContainers(pod, [INIT, VALIDATION, PROXY]),
      ...findHints(pod, ["sidecar.istio.io/status"]).map((each) => ({ ...each, strength: "sure" as const })),
    ];
    // The label counts where both are there (pkg/kube/inject/inject.go, injectRequired).
    const isOff = (pod.labels.get(INJECT) ?? pod.annotations.get(INJECT)) === "false";
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

function readManifest(pod: PodManifest): ManifestReading {
  const init = findContainer(pod, [INIT, VALIDATION]);
  const started = readProgramWords(pod, init, []);
  if (started.findings.length > 0) return { findings: started.findings, settings: null };
  const args = cut(started.words.filter((word) => !IDLE_WORDS.includes(word)));
  const made = settingsOfInit(init, args, { options: ISTIO_OPTIONS, path: started.path });
  const wins =
    init?.name === VALIDATION
      ? "In the cluster the annotation counts: Istio's CNI plugin reads it when the pod starts."
      : `In the cluster the arguments of ${INIT} count: Istio's injector reads annotations only when it makes the pod.`;
  const read = readAnnotatedWords(pod, { options: ISTIO_OPTIONS, annotations: ISTIO_ANNOTATIONS, made, wins });
  const proxy = findContainer(pod, [PROXY]);
  const asked = init?.name === VALIDATION ? proxy : init;
  const names = init?.name === VALIDATION ? PLUGIN_VARIABLES : TOOL_VARIABLES;
  const variables = readToolVariables(pod, asked, names);
  const unknown = [...variables.findings, ...findNoCapture(pod, init, proxy)];
  const findings = [...findBothWays(pod), ...read.findings, ...unknown];
  if (unknown.length > 0) return { findings, settings: null };
  const { tokens: given, sources } = read;
  const { environment } = variables;
  const result = (tokens: readonly WordToken[], says: string) => {
    const first: ManifestSource = { says: `${says}: ${showTokens(tokens)}`, path: init && started.path };
    return {
      findings,
      settings: { tokens, config: null, environment, sources: [first, ...variables.sources, ...sources] },
    };
  };
  if (init?.name === INIT) return result(args, `arguments of the init container ${INIT}`);
  if (init === null) {
    const tokens = replaceTokens(cut(INJECTED_WORDS), given, ISTIO_OPTIONS);
    const says = `no init container ${INIT}, so the settings are those of Istio's injector with the pod's annotations`;
    return result(tokens, says);
  }
  const tokens = withPluginPorts(replaceTokens(tokensOfPlugin(proxy, args), given, ISTIO_OPTIONS));
  const says = `the init container ${VALIDATION} applies nothing: Istio's CNI plugin does, by the pod's annotations`;
  return result(tokens, says);
}

function cut(words: readonly string[]): readonly WordToken[] {
  return cutOptionWords(words, ISTIO_OPTIONS);
}

/**
 * What the plugin takes where no annotation says otherwise; it leaves 15020 alone outbound, too, and captures DNS to every server if it
 * captures DNS (sidecar_redirect.go, sidecar_iptables_linux.go). The chart asks plugin and validation alike for native nftables.
 */
function tokensOfPlugin(proxy: ManifestContainer | null, args: readonly WordToken[]): readonly WordToken[] {
  const owner = (id: number | null | undefined) => `${id || 1337}`;
  const native = readOptionWords(args, ISTIO_OPTIONS).values.get("nativeNftables")?.texts.at(-1);
  return [
    ...replaceTokens(cut(INJECTED_WORDS), cut(["-u", owner(proxy?.runAsUser)]), ISTIO_OPTIONS),
    ...cut(["-g", owner(proxy?.runAsGroup), "-o", "15020"]),
    ...(isOn(proxy, "ISTIO_META_DNS_CAPTURE") ? cut(["--capture-all-dns"]) : []),
    ...(native === undefined ? [] : cut([`--native-nftables=${native}`])),
  ];
}

function withPluginPorts(tokens: readonly WordToken[]): readonly WordToken[] {
  const excluded = readOptionWords(tokens, ISTIO_OPTIONS).values.get("inboundPortsExclude")?.texts.at(-1) ?? "";
  const ports = new Set([...excluded.split(",").filter((port) => port !== ""), ...PLUGIN_PORTS]);
  return replaceTokens(tokens, cut(["-d", [...ports].join(",")]), ISTIO_OPTIONS);
}

function isOn(container: ManifestContainer | null, variable: string): boolean {
  return GO_TRUE.includes(container?.env.get(variable) ?? "");
}

/** The CNI plugin passes a pod over that has the init container; its validation waits for nobody (cni/pkg/plugin/plugin.go). */
function findBothWays(pod: PodManifest): readonly Finding[] {
  const [init, validation] = [findContainer(pod, [INIT]), findContainer(pod, [VALIDATION])];
  if (init === null || validation === null) return [];
  const place = pod.lineOf(init.path);
  const message = `The pod has ${VALIDATION}, for which Istio's CNI plugin makes the rules, and ${INIT} (line ${place}), which makes them itself. In the cluster ${INIT} counts: the plugin passes such a pod over. Give a manifest with one of them.`;
  return [codedFinding("conflict", pod.file, message, pod.lineOf(validation.path))];
}

/**
 * Says where Istio makes no rules for a pod: where the mode is NONE the injector adds no init container, by the annotation or by the
 * mesh's own setting, which only the proxy's variable shows; a gateway has no init container either, and the plugin passes it over.
 */
function findNoCapture(
  pod: PodManifest,
  init: ManifestContainer | null,
  proxy: ManifestContainer | null,
): readonly Finding[] {
  if (init?.name === INIT) return [];
  const none = (says: string, path: ManifestPath) => [
    codedFinding(
      "nothing-asked",
      pod.file,
      `${says}: Istio makes no rules for this pod, so there is nothing to check.`,
      pod.lineOf(path),
    ),
  ];
  if (init === null && pod.annotations.get(INTERCEPTION_ANNOTATION) === "NONE")
    return none(`${INTERCEPTION_ANNOTATION} is NONE`, annotationPath(INTERCEPTION_ANNOTATION));
  if (proxy === null) return [];
  const [command, kind] = proxy.args;
  if (command === "proxy" && kind !== undefined && kind !== "sidecar")
    return none(`${PROXY} runs as a ${kind}, which is a gateway and no sidecar`, [...proxy.path, "args"]);
  if (init === null && proxy.env.get(MODE_VARIABLE) === "NONE")
    return none(`${MODE_VARIABLE} of ${PROXY} is NONE`, [...proxy.path, "env"]);
  if (init !== null && isOn(proxy, "DISABLE_ENVOY"))
    return none(`DISABLE_ENVOY of ${PROXY} is on, and Istio's CNI plugin passes such a pod over`, [
      ...proxy.path,
      "env",
    ]);
  return [];
}
