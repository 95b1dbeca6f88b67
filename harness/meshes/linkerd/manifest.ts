import {
  type AnnotatedOption,
  readAnnotatedWords,
  replaceTokens,
  settingsOfInit,
  sourceOfWords,
} from "../annotated-words.ts";
import type { ManifestReader, ManifestReading } from "../manifest.ts";
import { findContainer, findContainers, findHints, findMarks } from "../manifest-evidence.ts";
import type { PodManifest } from "../manifest-pod.ts";
import { readProgramWords } from "../manifest-words.ts";
import { cutOptionWords } from "../option-words.ts";
import { LINKERD_OPTIONS } from "./options.ts";

const PREFIX = "config.linkerd.io/";
const INIT = "linkerd-init";
const INJECT = "linkerd.io/inject";
/** Ports that the injector leaves alone by itself, unless annotations name others (charts/linkerd-control-plane/values.yaml). */
const CONTROL_PORT = "4190";
const ADMIN_PORT = "4191";
const USUALLY_SKIPPED = "4567,4568";

/** What Linkerd's own injector gives its init container where no annotation says otherwise. */
export const INJECTED_WORDS: readonly string[] = [
  ...["--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140", "--proxy-uid", "2102"],
  ...["--inbound-ports-to-ignore", `${CONTROL_PORT},${ADMIN_PORT},${USUALLY_SKIPPED}`],
  ...["--outbound-ports-to-ignore", USUALLY_SKIPPED],
];

const asOption = (flag: string) => (value: string) => [flag, value];

/** The proxy's own ports stand before those that the annotation names (charts/partials/templates/_proxy-init.tpl). */
function skipInbound(_: string, { annotations }: PodManifest): readonly string[] {
  const port = (name: string, otherwise: string) => annotations.get(`${PREFIX}${name}`) ?? otherwise;
  const skipped = port("skip-inbound-ports", USUALLY_SKIPPED);
  const own = [port("control-port", CONTROL_PORT), port("admin-port", ADMIN_PORT)];
  return ["--inbound-ports-to-ignore", [...own, ...(skipped === "" ? [] : [skipped])].join(",")];
}

const row = (name: string, setting: string, help: string, words: AnnotatedOption["words"]): AnnotatedOption => ({
  name: `${PREFIX}${name}`,
  setting,
  help,
  words,
});

/** Annotations of pods that decide about rules (linkerd2, pkg/k8s/labels.go and charts/partials/templates/_proxy-init.tpl). */
const ANNOTATIONS: readonly AnnotatedOption[] = [
  row(
    "inbound-port",
    "incomingProxyPort",
    "where inbound TCP traffic is redirected to",
    asOption("--incoming-proxy-port"),
  ),
  row(
    "outbound-port",
    "outgoingProxyPort",
    "where outbound TCP traffic is redirected to",
    asOption("--outgoing-proxy-port"),
  ),
  row("proxy-uid", "proxyUid", "the uid whose traffic is left alone", asOption("--proxy-uid")),
  row("proxy-gid", "proxyGid", "the gid whose traffic is left alone", asOption("--proxy-gid")),
  row(
    "skip-inbound-ports",
    "inboundPortsToIgnore",
    "inbound ports that are left alone, in place of 4567 and 4568; the ports of the next two are left alone as well",
    skipInbound,
  ),
  row("control-port", "inboundPortsToIgnore", "the proxy's control port, 4190; inbound, it is left alone", skipInbound),
  row("admin-port", "inboundPortsToIgnore", "the proxy's admin port, 4191; inbound, it is left alone", skipInbound),
  row(
    "skip-outbound-ports",
    "outboundPortsToIgnore",
    "outbound ports that are left alone, in place of 4567 and 4568",
    asOption("--outbound-ports-to-ignore"),
  ),
  row(
    "skip-subnets",
    "subnetsToIgnore",
    "networks whose inbound traffic is left alone",
    asOption("--subnets-to-ignore"),
  ),
];

/** Reads the settings of Linkerd's init container from a pod's manifest. */
export const LINKERD_MANIFEST: ManifestReader = {
  annotations: ANNOTATIONS,
  proxyContainers: ["linkerd-proxy"],
  findEvidence: (pod) => {
    const made = findContainers(pod, [INIT, "linkerd-network-validator", "linkerd-proxy"]);
    const isOff = pod.annotations.get(INJECT) === "disabled";
    if (made.length > 0 || isOff) return made;
    return [
      ...findMarks(pod, INJECT, ["enabled", "ingress"], "sure"),
      ...findHints(
        pod,
        ANNOTATIONS.map(({ name }) => name),
      ),
    ];
  },
  read: readManifest,
};

function readManifest(pod: PodManifest): ManifestReading {
  const init = findContainer(pod, [INIT]);
  const given = readProgramWords(pod, init, []);
  const args = cutOptionWords(given.words, LINKERD_OPTIONS);
  const made = settingsOfInit(init, args, { options: LINKERD_OPTIONS, path: given.path });
  const wins = `In the cluster the arguments of ${INIT} count: Linkerd's injector reads annotations only when it makes the pod.`;
  const read = readAnnotatedWords(pod, { options: LINKERD_OPTIONS, annotations: ANNOTATIONS, made, wins });
  // What words nobody can read, no annotation contradicts.
  if (given.findings.length > 0) return { findings: given.findings, settings: null };
  const injected = () => cutOptionWords(INJECTED_WORDS, LINKERD_OPTIONS);
  const tokens = init === null ? replaceTokens(injected(), read.tokens, LINKERD_OPTIONS) : args;
  const source = sourceOfWords(tokens, init && given.path, { name: INIT, project: "Linkerd" });
  const sources = [source, ...read.sources];
  return { findings: read.findings, settings: { tokens, config: null, environment: {}, sources } };
}
