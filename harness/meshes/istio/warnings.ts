import { familyOf } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { MeshInput } from "../mesh.ts";
import { type ListeningPort, warnOfSharedPorts } from "../shared-ports.ts";
import { AGENT_DNS_PORT, STATUS_PORTS } from "./pod.ts";
import { excludesDns, findCapturedServers, hasIpv6, listPodFamilies } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

/** Gives a warning for each setting that the tool accepts although it probably does not do what was meant. */
export function warn(settings: IstioSettings, { environment, pod }: MeshInput): readonly Finding[] {
  return [
    ...warnOfOwners(settings),
    ...warnOfSharedPorts(listPorts(settings)),
    ...warnOfFamilies(settings, pod.addresses),
    ...warnOfDns(settings, pod),
    ...warnOfIgnored(settings),
    ...(environment["ENVOY_PORT"] === undefined
      ? []
      : [codedFinding("no-effect", "ENVOY_PORT", "The tool does not read this variable; give -p instead.")]),
  ];
}

/** Where something in the pod listens that rules send connections to, or leave alone. */
function listPorts(settings: IstioSettings): readonly ListeningPort[] {
  const { proxyPort, inboundCapturePort, inboundTunnelPort, redirectDns } = settings;
  return [
    { what: "the proxy's outbound listener", port: proxyPort, where: "-p" },
    { what: "the proxy's inbound listener", port: inboundCapturePort, where: "-z" },
    { what: "the tunnel's listener", port: inboundTunnelPort, where: "-e" },
    ...(redirectDns === "on" ? [{ what: "istio-agent's DNS server", port: AGENT_DNS_PORT, where: null }] : []),
    ...Object.values(STATUS_PORTS).map((port) => ({ what: "the sidecar's own status server", port, where: null })),
  ];
}

function warnOfOwners({ proxyUid, proxyGid }: IstioSettings): readonly Finding[] {
  if (proxyUid.length + proxyGid.length === 0)
    return [
      codedFinding(
        "capture-gap",
        "-u",
        "No uid or gid is excluded from capture, so the proxy's own connections return to it.",
      ),
    ];
  if (proxyUid.length < 2) return [];
  return [
    codedFinding(
      "capture-gap",
      "-u",
      "The tool captures connections to the pod's own address from the first uid only.",
    ),
  ];
}

function warnOfFamilies(settings: IstioSettings, addresses: readonly string[]): readonly Finding[] {
  if (hasIpv6(settings, addresses)) return [];
  const { outboundIpRangesInclude: include, outboundIpRangesExclude: exclude } = settings;
  const networks = [...(include === "*" ? [] : include), ...exclude].filter((text) => familyOf(text) === 6);
  const isDual = listPodFamilies(addresses).includes(6);
  return [
    ...(isDual
      ? [
          codedFinding(
            "capture-gap",
            "--dual-stack",
            "The pod has an IPv6 address, but IPv6 is not captured; add --dual-stack.",
          ),
        ]
      : []),
    ...(networks.length > 0
      ? [
          codedFinding(
            "no-effect",
            "-i, -x",
            `There are no IPv6 rules in this pod, so ${networks.join(", ")} has no effect.`,
          ),
        ]
      : []),
  ];
}

function warnOfDns(settings: IstioSettings, { addresses, resolvers }: MeshInput["pod"]): readonly Finding[] {
  if (settings.redirectDns === "off")
    return settings.captureAllDns === "on"
      ? [codedFinding("no-effect", "--capture-all-dns", "It has no effect without --redirect-dns.")]
      : [];
  const servers = findCapturedServers(settings, resolvers);
  const isExcluded = excludesDns(settings);
  if (servers === "none")
    return [
      codedFinding(
        "capture-gap",
        "--redirect-dns",
        "resolv.conf names no server, so no DNS is captured; add --capture-all-dns.",
      ),
    ];
  const families = hasIpv6(settings, addresses) ? ([4, 6] as const) : ([4] as const);
  const isUseless = servers !== "all" && families.every((family) => servers[family].length === 0);
  return [
    ...(isUseless
      ? [
          codedFinding(
            "capture-gap",
            "--redirect-dns",
            "resolv.conf names only IPv6 servers, and DNS to them is not captured here.",
          ),
        ]
      : []),
    ...(isExcluded ? [codedFinding("no-effect", "-o", "It excludes port 53, so no DNS is captured.")] : []),
  ];
}

function warnOfIgnored(settings: IstioSettings): readonly Finding[] {
  const { inboundPortsInclude, inboundPortsExclude, ownerGroupsInclude, ownerGroupsExclude, kubevirtInterfaces } =
    settings;
  const groups = "ISTIO_OUTBOUND_OWNER_GROUPS";
  return [
    ...(inboundPortsExclude.length > 0 && inboundPortsInclude !== "*"
      ? [codedFinding("no-effect", "-d", "It has no effect without -b '*'.")]
      : []),
    ...(kubevirtInterfaces.includes("lo")
      ? [
          codedFinding(
            "no-effect",
            "-k",
            "What comes over lo does not meet the rules of nat in PREROUTING: lo has no effect.",
          ),
        ]
      : []),
    ...(ownerGroupsExclude.length > 0 && ownerGroupsInclude !== "*"
      ? [codedFinding("no-effect", `${groups}_EXCLUDE`, `It has no effect while ${groups} names groups.`)]
      : []),
    ...(ownerGroupsInclude !== "*" && ownerGroupsInclude.length === 0
      ? [
          codedFinding(
            "capture-gap",
            groups,
            "It is empty, so no outbound traffic is captured; write * for all groups.",
          ),
        ]
      : []),
  ];
}
