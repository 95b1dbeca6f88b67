import { isDeepStrictEqual } from "node:util";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { isRecord } from "../../model/records.ts";
import { annotationPath } from "../annotated-words.ts";
import type { ManifestReader, ManifestReading, ManifestSource, MeshAnnotation } from "../manifest.ts";
import { findContainer, findContainers, findHints, findMarks } from "../manifest-evidence.ts";
import type { ManifestPath, PodManifest } from "../manifest-pod.ts";
import { readToolVariables } from "../manifest-variables.ts";
import { readSwitch } from "../option-words.ts";
import { splitList } from "../values.ts";
import { readYamlText } from "../yaml-text.ts";

const PREFIX = "consul.hashicorp.com/";
const INIT = "consul-connect-inject-init";
/** What the init container is told; its value is the SDK's Config as JSON. */
const CONFIG_VARIABLE = "CONSUL_REDIRECT_TRAFFIC_CONFIG";
/** The same for Consul's CNI plugin. */
const CONFIG_ANNOTATION = `${PREFIX}redirect-traffic-config`;
const INJECT = `${PREFIX}connect-inject`;
const TRANSPARENT = `${PREFIX}transparent-proxy`;
const DNS = `${PREFIX}consul-dns`;

type Config = Readonly<Record<string, unknown>>;

/** What consul-k8s asks for where no annotation says more. */
export const INJECTED_CONFIG: Config = {
  ProxyUserID: "5995",
  ProxyInboundPort: 20000,
  ProxyOutboundPort: 15001,
  ExcludeInboundPorts: ["21000"],
  ExcludeUIDs: ["5996"],
  ConsulDNSIP: "127.0.0.1",
  ConsulDNSPort: 8600,
};

/** Annotations whose entries consul-k8s adds to a list of the Config. */
const LISTS: readonly (MeshAnnotation & { readonly setting: string })[] = [
  {
    name: `${PREFIX}transparent-proxy-exclude-inbound-ports`,
    setting: "ExcludeInboundPorts",
    help: "further inbound ports that are left alone",
  },
  {
    name: `${PREFIX}transparent-proxy-exclude-outbound-ports`,
    setting: "ExcludeOutboundPorts",
    help: "outbound ports that are left alone",
  },
  {
    name: `${PREFIX}transparent-proxy-exclude-outbound-cidrs`,
    setting: "ExcludeOutboundCIDRs",
    help: "destinations that are left alone",
  },
  {
    name: `${PREFIX}transparent-proxy-exclude-uids`,
    setting: "ExcludeUIDs",
    help: "further uids whose traffic is left alone",
  },
];

/** Reads Consul's Config from a pod's manifest (consul-k8s, control-plane/connect-inject/webhook/redirect_traffic.go). */
export const CONSUL_MANIFEST: ManifestReader = {
  annotations: [
    { name: CONFIG_ANNOTATION, setting: null, help: "the whole Config as JSON, for Consul's CNI plugin" },
    ...LISTS,
    { name: TRANSPARENT, setting: null, help: "false: no rules are made for the pod" },
    { name: DNS, setting: null, help: "false: DNS is left alone" },
  ],
  proxyContainers: ["consul-dataplane"],
  findEvidence: (pod) => {
    const made = [
      ...findContainers(pod, [INIT, "consul-dataplane"]),
      ...findMarks(pod, `${INJECT}-status`, ["injected"], "sure"),
    ];
    if (made.length > 0 || pod.annotations.get(INJECT) === "false") return made;
    return [
      ...findMarks(pod, INJECT, ["true"], "sure"),
      ...findHints(
        pod,
        LISTS.map(({ name }) => name),
      ),
    ];
  },
  read: readManifest,
};

interface Made {
  readonly config: Config;
  readonly called: string;
  readonly path: ManifestPath;
}

function readManifest(pod: PodManifest): ManifestReading {
  const findings: Finding[] = [...readToolVariables(pod, findContainer(pod, [INIT]), [CONFIG_VARIABLE]).findings];
  const note: Note = (path, message) =>
    void findings.push(codedFinding("conflict", pod.file, message, pod.lineOf(path)));
  noteSwitches(pod, note);
  const made = findMade(pod, note);
  const [first, second] = made;
  if (first === undefined && findings.length === 0) noteNothingMade(pod, note);
  if (first && second && !isDeepStrictEqual(first.config, second.config))
    note(
      second.path,
      `${second.called} differs from ${first.called} (line ${pod.lineOf(first.path)}). In the cluster the init container's variable counts where it is set, and the annotation where Consul's CNI plugin makes the rules. Give a manifest in which the two agree.`,
    );
  const lists = LISTS.flatMap((list) => {
    const text = pod.annotations.get(list.name);
    return text === undefined ? [] : [{ ...list, text, entries: splitList(text).map((entry) => entry.trim()) }];
  });
  const config = first?.config ?? addLists(pod, lists);
  for (const { name, setting, entries } of first ? lists : []) {
    const has = config[setting];
    const missing = entries.filter((entry) => !(Array.isArray(has) && has.map(String).includes(entry)));
    if (missing.length > 0)
      note(
        annotationPath(name),
        `The annotation ${name} names ${missing.join(", ")}, which ${setting} of ${first?.called} does not. In the cluster the latter counts: consul-k8s reads the annotation only when it makes the pod. Give a manifest in which the two agree.`,
      );
  }
  if (first === undefined && findings.length > 0) return { findings, settings: null };
  const says = first
    ? first.called
    : "there is no Config yet, so the settings are those of consul-k8s with the pod's annotations";
  const sources: readonly ManifestSource[] = [
    { says: `${says}: ${JSON.stringify(config)}`, path: first?.path ?? null },
    ...lists.map(({ name, text }) => ({ says: `annotation ${name}: ${text}`, path: annotationPath(name) })),
  ];
  const file = { path: pod.file, text: JSON.stringify(config) };
  return { findings, settings: { tokens: [], config: file, environment: {}, sources } };
}

function isOff(pod: PodManifest, name: string): boolean {
  return readSwitch(pod.annotations.get(name) ?? "true") === "off";
}

type Note = (path: ManifestPath, message: string) => void;

/** consul-k8s reads these with Go's strconv.ParseBool, and refuses a pod with another value. */
function noteSwitches(pod: PodManifest, note: Note): void {
  for (const name of [TRANSPARENT, DNS]) {
    const text = pod.annotations.get(name);
    if (text !== undefined && readSwitch(text) === null)
      note(annotationPath(name), `${name} is "${text}", and consul-k8s refuses such a pod; write true or false.`);
  }
  if (isOff(pod, TRANSPARENT))
    note(annotationPath(TRANSPARENT), `${TRANSPARENT} is false: Consul makes no rules for this pod.`);
}

/** Where Consul makes rules, the injected init container has its variable, or the pod the annotation for the CNI plugin. */
function noteNothingMade(pod: PodManifest, note: Note): void {
  const init = findContainer(pod, [INIT]);
  if (init === null) return;
  const message = `${INIT} has no ${CONFIG_VARIABLE}, and the pod no annotation ${CONFIG_ANNOTATION}: Consul makes no rules for this pod.`;
  note(init.path, message);
}

/** Finds the Config that the pod has already: the init container's, and the CNI plugin's. */
function findMade(pod: PodManifest, note: Note): readonly Made[] {
  const init = findContainer(pod, [INIT]);
  const variable = init?.env.get(CONFIG_VARIABLE);
  const annotation = pod.annotations.get(CONFIG_ANNOTATION);
  const places = [
    {
      text: variable || undefined,
      called: `${CONFIG_VARIABLE} of the init container ${INIT}`,
      path: [...(init?.path ?? []), "env", [...(init?.env.keys() ?? [])].indexOf(CONFIG_VARIABLE)],
    },
    { text: annotation, called: `the annotation ${CONFIG_ANNOTATION}`, path: annotationPath(CONFIG_ANNOTATION) },
  ];
  return places.flatMap(({ text, called, path }) => {
    if (text === undefined) return [];
    const read = readYamlText(text);
    if (read.ok && isRecord(read.value)) return [{ config: cleanConfig(read.value), called, path }];
    note(path, `${called} is not a Config as JSON${read.ok ? "" : `: ${read.message}`}.`);
    return [];
  });
}

/** Go writes what is not set as null, and the program that makes the rules; an IPv6 DNS server goes with rules for both families. */
function cleanConfig(config: Config): Config {
  const isTool = (field: string) => ["IptablesProvider", "NftablesProvider"].includes(field);
  const set = Object.entries(config).filter(([field, value]) => value !== null && !isTool(field));
  const isIpv6 = String(config["ConsulDNSIP"] ?? "").includes(":");
  return { ...Object.fromEntries(set), ...(isIpv6 ? { DualStack: true } : {}) };
}

function addLists(
  pod: PodManifest,
  lists: readonly { readonly setting: string; readonly entries: readonly string[] }[],
): Config {
  const { ConsulDNSIP: _ip, ConsulDNSPort: _port, ...withoutDns } = INJECTED_CONFIG;
  const base = isOff(pod, DNS) ? withoutDns : INJECTED_CONFIG;
  const added = lists.map(({ setting, entries }) => {
    const own = base[setting];
    return [setting, [...(Array.isArray(own) ? own : []), ...entries]];
  });
  return { ...base, ...Object.fromEntries(added) };
}
