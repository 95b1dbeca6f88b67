import { isRecord } from "../../model/records.ts";
import type { AnnotatedOption } from "../annotated-words.ts";
import type { PodManifest } from "../manifest-pod.ts";
import type { MeshFile } from "../mesh.ts";
import { readYamlText } from "../yaml-text.ts";

/** The annotation that holds a whole file of settings. */
export const CONFIG_ANNOTATION = "traffic.kuma.io/transparent-proxy-config";
const GATEWAY = "kuma.io/gateway";
const PROBES_PORT = "kuma.io/application-probe-proxy-port";
const EXCLUDE_INBOUND_FLAG = "--exclude-inbound-ports";
const EXCLUDE_INBOUND = "traffic.kuma.io/exclude-inbound-ports";
/** Ports of the injector's own probe proxies, of this release and of older ones, which it leaves alone by itself. */
const PROBE_PORTS = ["9001", "9000"];

/** The injector takes yes and no as well (metadata.Annotations, GetBoolean). */
function readYes(value: string): string {
  if (["true", "yes", "enabled"].includes(value)) return "true";
  return ["false", "no", "disabled"].includes(value) ? "false" : value;
}

function excludeInbound(_: string, { annotations }: PodManifest): readonly string[] {
  const ports = [annotations.get(EXCLUDE_INBOUND) ?? "", annotations.get(PROBES_PORT) ?? ""];
  return [EXCLUDE_INBOUND_FLAG, ports.filter((port) => port !== "" && port !== "0").join(",")];
}

const mayAdd = ({ annotations }: PodManifest): readonly string[] => [
  ...PROBE_PORTS,
  ...["kuma.io/virtual-probes-port", PROBES_PORT].flatMap((name) => annotations.get(name) ?? []),
];

type Words = AnnotatedOption["words"];

const row = (name: string, setting: string, help: string, words: Words): AnnotatedOption => ({
  name,
  setting,
  help,
  words,
});
const asOption =
  (flag: string): Words =>
  (value) => [flag, value];
const asSwitch =
  (flag: string): Words =>
  (value) => [`${flag}=${readYes(value)}`];

/**
 * Annotations of pods that decide about rules, each for one option (pkg/plugins/runtime/k8s/metadata/annotations.go and
 * pkg/transparentproxy/kubernetes/kubernetes_config.go).
 */
export const KUMA_ANNOTATIONS: readonly AnnotatedOption[] = [
  {
    ...row(EXCLUDE_INBOUND, "redirect.inbound.excludePorts", "inbound ports that are left alone", excludeInbound),
    says: (value) => [EXCLUDE_INBOUND_FLAG, value],
    mayAdd,
  },
  {
    ...row(
      PROBES_PORT,
      "redirect.inbound.excludePorts",
      "the port of Kuma's probe proxy; inbound, it is left alone",
      excludeInbound,
    ),
    says: (value) => (value === "0" ? [] : [EXCLUDE_INBOUND_FLAG, value]),
    mayAdd: () => "anything",
  },
  row(
    "traffic.kuma.io/exclude-outbound-ports",
    "redirect.outbound.excludePorts",
    "outbound ports that are left alone",
    asOption("--exclude-outbound-ports"),
  ),
  row(
    "traffic.kuma.io/exclude-outbound-ports-for-uids",
    "redirect.outbound.excludePortsForUIDs",
    "outbound ports that are left alone for uids, with ; between rules",
    (value) => value.split(";").flatMap((rule) => ["--exclude-outbound-ports-for-uids", rule]),
  ),
  row(
    "traffic.kuma.io/exclude-inbound-ips",
    "redirect.inbound.excludePortsForIPs",
    "sources whose traffic is left alone",
    asOption("--exclude-inbound-ips"),
  ),
  row(
    "traffic.kuma.io/exclude-outbound-ips",
    "redirect.outbound.excludePortsForIPs",
    "destinations that are left alone",
    asOption("--exclude-outbound-ips"),
  ),
  row(
    "traffic.kuma.io/drop-invalid-packets",
    "dropInvalidPackets",
    "drops packets that conntrack calls INVALID",
    asSwitch("--drop-invalid-packets"),
  ),
  row(
    "traffic.kuma.io/iptables-logs",
    "log.enabled",
    "lets the kernel log packets of new connections",
    asSwitch("--iptables-logs"),
  ),
  row(
    "kuma.io/transparent-proxying-ip-family-mode",
    "ipFamilyMode",
    "the families to make rules for: dualstack or ipv4",
    asOption("--ip-family-mode"),
  ),
  row(
    "kuma.io/sidecar-uid",
    "kumaDPUser",
    "the proxy's uid; the injector keeps the control plane's where the two differ",
    asOption("--kuma-dp-user"),
  ),
  row(GATEWAY, "redirect.inbound.enabled", "enabled: inbound traffic is left alone", (value) =>
    readYes(value) === "true" ? ["--redirect-inbound=false"] : [],
  ),
];

/** Gives the annotation's file without the fields that say nothing: those of the tool's defaults which landfall takes by other options. */
export function cleanConfig({ path, text }: MeshFile): MeshFile {
  const read = readYamlText(text);
  if (!read.ok || !isRecord(read.value)) return { path, text };
  const { ebpf, redirect, ...config } = read.value;
  const left = isRecord(redirect) ? { redirect: cleanRedirect(redirect) } : {};
  const isOn = isRecord(ebpf) && ebpf["enabled"] === true;
  return { path, text: JSON.stringify({ ...config, ...left, ...(isOn ? { ebpf } : {}) }) };
}

function cleanRedirect(redirect: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { dns, inbound } = redirect;
  return {
    ...redirect,
    ...(isRecord(dns) ? { dns: dropUsual(dns, { resolvConfigPath: "/etc/resolv.conf" }) } : {}),
    ...(isRecord(inbound) ? { inbound: dropUsual(inbound, { excludePortsForUIDs: [] }) } : {}),
  };
}

function dropUsual(
  fields: Readonly<Record<string, unknown>>,
  usual: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const isUsual = ([name, value]: readonly [string, unknown]) =>
    name in usual && JSON.stringify(value) === JSON.stringify(usual[name]);
  return Object.fromEntries(Object.entries(fields).filter((field) => !isUsual(field)));
}
