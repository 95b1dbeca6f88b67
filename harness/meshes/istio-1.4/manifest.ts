import {
  type AnnotatedOption,
  optionAnnotation,
  readAnnotatedWords,
  replaceTokens,
  settingsOfInit,
  sourceOfWords,
} from "../annotated-words.ts";
import type { ManifestReader, ManifestReading } from "../manifest.ts";
import { findContainer, findContainers, readRelease } from "../manifest-evidence.ts";
import type { PodManifest } from "../manifest-pod.ts";
import { readToolVariables } from "../manifest-variables.ts";
import { readProgramWords } from "../manifest-words.ts";
import type { MeshOption } from "../mesh.ts";
import { cutOptionWords } from "../option-words.ts";
import { CAPTURE_FLAGS, type SettingName } from "./options.ts";
import { SEED_WORDS } from "./seed.ts";

const INIT = "istio-init";
const PROXY = "istio-proxy";
const STATUS_PORT = "status.sidecar.istio.io/port";
const EXCLUDE_INBOUND = "traffic.sidecar.istio.io/excludeInboundPorts";
/** The status port, which the injector leaves alone by itself. */
const USUAL_STATUS_PORT = "15020";

const row = (name: string, setting: SettingName, help: string, letter: string): AnnotatedOption =>
  optionAnnotation(name, setting, help, letter);

/** The injector puts the status port beside those of the annotation; a status port of 0 is none. */
function excludeInbound(_: string, { annotations }: PodManifest): readonly string[] {
  const status = annotations.get(STATUS_PORT) ?? USUAL_STATUS_PORT;
  const excluded = annotations.get(EXCLUDE_INBOUND) ?? "";
  return ["-d", [excluded, status === "0" ? "" : status].filter((part) => part !== "").join(",")];
}

/** Annotations of pods that decide about rules (Istio 1.4, install/kubernetes/helm/istio/files/injection-template.yaml). */
const ANNOTATIONS: readonly AnnotatedOption[] = [
  row(
    "sidecar.istio.io/interceptionMode",
    "interceptionMode",
    "how inbound traffic is captured: REDIRECT or TPROXY",
    "-m",
  ),
  row("traffic.sidecar.istio.io/includeInboundPorts", "inboundPortsInclude", "inbound ports that are captured", "-b"),
  {
    name: EXCLUDE_INBOUND,
    setting: "inboundPortsExclude",
    help: "inbound ports that are left alone, beside the status port",
    words: excludeInbound,
  },
  {
    name: STATUS_PORT,
    setting: "inboundPortsExclude",
    help: "the proxy's status port, in place of 15020; inbound, it is left alone",
    words: excludeInbound,
  },
  row(
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "outboundPortsExclude",
    "outbound ports that are left alone",
    "-o",
  ),
  row(
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "outboundIpRangesInclude",
    "destinations that are captured; * for all",
    "-i",
  ),
  row(
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "outboundIpRangesExclude",
    "destinations that are left alone",
    "-x",
  ),
  row(
    "traffic.sidecar.istio.io/kubevirtInterfaces",
    "kubevirtInterfaces",
    "interfaces whose inbound traffic counts as outbound",
    "-k",
  ),
];

/** What the script itself reads. */
const VARIABLES = ["ENVOY_USER", ...CAPTURE_FLAGS.flatMap(({ variable }) => variable ?? [])];

const OPTIONS = CAPTURE_FLAGS.map(
  ({ setting, letter, name, value, default: usual, help }): MeshOption => ({
    ...{ setting, flag: name, letter, variable: null, annotation: null, value, default: usual, help },
    ...{ repeats: "last", effect: "rules" },
  }),
);

/** Reads the settings of Istio 1.4's generator from a pod's manifest. A pod is known by its images, of release 1.4 or older. */
export const ISTIO_14_MANIFEST: ManifestReader = {
  annotations: ANNOTATIONS,
  proxyContainers: [PROXY],
  findEvidence: (pod) => {
    const release = readRelease(findContainer(pod, [INIT, PROXY])?.image ?? "");
    const isOld = release !== null && release.major === 1 && release.minor <= 4;
    return isOld
      ? findContainers(pod, [INIT, PROXY]).map((each) => ({
          ...each,
          says: `${each.says}, of release ${release.major}.${release.minor}`,
        }))
      : [];
  },
  read: readManifest,
};

function readManifest(pod: PodManifest): ManifestReading {
  const init = findContainer(pod, [INIT]);
  const given = readProgramWords(pod, init, ["istio-iptables"]);
  const args = cutOptionWords(given.words, OPTIONS);
  const made = settingsOfInit(init, args, { options: OPTIONS, path: given.path });
  const wins = `In the cluster the arguments of ${INIT} count: Istio's injector reads annotations only when it makes the pod.`;
  const read = readAnnotatedWords(pod, { options: OPTIONS, annotations: ANNOTATIONS, made, wins });
  const variables = readToolVariables(pod, init, VARIABLES);
  const unread = [...given.findings, ...variables.findings];
  // What words nobody can read, no annotation contradicts.
  const findings = given.findings.length > 0 ? unread : [...read.findings, ...unread];
  if (unread.length > 0) return { findings, settings: null };
  const seed = () => cutOptionWords(SEED_WORDS, OPTIONS);
  const tokens = init === null ? replaceTokens(seed(), read.tokens, OPTIONS) : args;
  const first = sourceOfWords(tokens, init && given.path, { name: INIT, project: "Istio" });
  const { environment, sources } = variables;
  return { findings, settings: { tokens, config: null, environment, sources: [first, ...sources, ...read.sources] } };
}
