import { type AnnotatedOption, optionAnnotation } from "../annotated-words.ts";
import type { PodManifest } from "../manifest-pod.ts";

/** The annotation that says how, and whether, traffic is captured. */
export const INTERCEPTION_ANNOTATION = "sidecar.istio.io/interceptionMode";
const REROUTE = "istio.io/reroute-virtual-interfaces";
const KUBEVIRT = "traffic.sidecar.istio.io/kubevirtInterfaces";
const EXCLUDE_INBOUND = "traffic.sidecar.istio.io/excludeInboundPorts";
const STATUS_PORT = "status.sidecar.istio.io/port";
/** The proxy's ports for metrics, readiness and status, which the injector leaves alone by itself. */
const OWN_PORTS = ["15090", "15021"];
const USUAL_STATUS_PORT = "15020";

/** The injector puts the proxy's own ports beside those of the annotation; a status port of 0 is none. */
function excludeInbound(_: string, { annotations }: PodManifest): readonly string[] {
  const status = annotations.get(STATUS_PORT) ?? USUAL_STATUS_PORT;
  const excluded = annotations.get(EXCLUDE_INBOUND) ?? "";
  const ports = [...OWN_PORTS, ...(excluded === "" ? [] : excluded.split(",")), ...(status === "0" ? [] : [status])];
  return ["-d", [...new Set(ports)].join(",")];
}

/**
 * Annotations of pods that decide about rules (manifests/charts/istio-control/istio-discovery/files/injection-template.yaml and
 * cni/pkg/plugin/sidecar_redirect.go of istio/istio).
 */
export const ISTIO_ANNOTATIONS: readonly AnnotatedOption[] = [
  optionAnnotation(
    INTERCEPTION_ANNOTATION,
    "interceptionMode",
    "how inbound traffic is captured: REDIRECT or TPROXY",
    "-m",
  ),
  optionAnnotation(
    "traffic.sidecar.istio.io/includeInboundPorts",
    "inboundPortsInclude",
    "inbound ports that are captured; * for all, nothing for none",
    "-b",
  ),
  {
    name: EXCLUDE_INBOUND,
    setting: "inboundPortsExclude",
    help: "inbound ports that are left alone, beside the proxy's own 15090, 15021 and 15020",
    words: excludeInbound,
  },
  {
    name: STATUS_PORT,
    setting: "inboundPortsExclude",
    help: "the proxy's status port, in place of 15020; inbound, it is left alone",
    words: excludeInbound,
  },
  optionAnnotation(
    "traffic.sidecar.istio.io/includeOutboundPorts",
    "outboundPortsInclude",
    "outbound ports that are captured",
    "-q",
  ),
  optionAnnotation(
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "outboundPortsExclude",
    "outbound ports that are left alone",
    "-o",
  ),
  optionAnnotation(
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
    "outboundIpRangesInclude",
    "destinations that are captured; * for all, nothing for none",
    "-i",
  ),
  optionAnnotation(
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "outboundIpRangesExclude",
    "destinations that are left alone",
    "-x",
  ),
  optionAnnotation(
    "traffic.sidecar.istio.io/excludeInterfaces",
    "excludeInterfaces",
    "interfaces that are left alone",
    "-c",
  ),
  optionAnnotation(REROUTE, "kubevirtInterfaces", "interfaces whose inbound traffic counts as outbound", "-k"),
  {
    name: KUBEVIRT,
    setting: "kubevirtInterfaces",
    help: `the older name of ${REROUTE}, which takes precedence`,
    words: (value, { annotations }) => (annotations.has(REROUTE) ? [] : ["-k", value]),
  },
];
