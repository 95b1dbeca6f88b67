import type { Range } from "../../model/match.ts";
import type { MeshInput, MeshWords } from "../mesh.ts";
import type { IstioSettings } from "./settings.ts";

/** Gives settings as words and, where the tool has no flag, as variables that lead to them again. */
export function renderSettings(settings: IstioSettings): MeshWords & Pick<MeshInput, "environment"> {
  const { ownerGroupsInclude: groups, ownerGroupsExclude, loopbackNetwork } = settings;
  return {
    words: renderWords(settings),
    config: null,
    environment: {
      ...(groups === "*" ? {} : { ISTIO_OUTBOUND_OWNER_GROUPS: renderList(groups, "-") }),
      ...(ownerGroupsExclude.length === 0
        ? {}
        : { ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE: renderList(ownerGroupsExclude, "-") }),
      ...(loopbackNetwork === "127.0.0.1/32" ? {} : { ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: loopbackNetwork }),
    },
  };
}

function renderWords(settings: IstioSettings): readonly string[] {
  const { inboundPortsInclude, outboundIpRangesInclude } = settings;
  const between = settings.nativeNftables === "on" ? "-" : ":";
  const given: readonly (readonly [flag: string, text: string])[] = [
    ["-p", `${settings.proxyPort}`],
    ["-z", `${settings.inboundCapturePort}`],
    ["-e", `${settings.inboundTunnelPort}`],
    ["-u", renderOwners(settings.proxyUid)],
    ["-g", renderOwners(settings.proxyGid)],
    ["-m", settings.interceptionMode],
    ["-t", `${settings.tproxyMark}`],
    ["-r", `${settings.tproxyRouteTable}`],
    ["-b", inboundPortsInclude === "*" ? "*" : renderList(inboundPortsInclude, between)],
    ["-d", renderList(settings.inboundPortsExclude, between)],
    ["-c", settings.excludeInterfaces.join(",")],
    ["-i", outboundIpRangesInclude === "*" ? "*" : outboundIpRangesInclude.join(",")],
    ["-x", settings.outboundIpRangesExclude.join(",")],
    ["-q", renderList(settings.outboundPortsInclude, between)],
    ["-o", renderList(settings.outboundPortsExclude, between)],
    ["-k", settings.kubevirtInterfaces.join(",")],
  ];
  const switches: readonly (readonly [flag: string, state: "on" | "off"])[] = [
    ["--redirect-dns", settings.redirectDns],
    ["--capture-all-dns", settings.captureAllDns],
    ["--drop-invalid", settings.dropInvalid],
    ["--dual-stack", settings.dualStack],
    ["--native-nftables", settings.nativeNftables],
  ];
  return [
    ...given.flatMap(([flag, text]) => (text === "" ? [] : [flag, text])),
    ...switches.flatMap(([flag, state]) => (state === "on" ? [flag] : [])),
  ];
}

/** A list without entries is written as a comma: an empty text means the default here. */
function renderOwners(ids: readonly Range[]): string {
  return ids.length === 0 ? "," : renderList(ids, "-");
}

function renderList(ranges: readonly Range[], separator: string): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}${separator}${last}`)).join(",");
}
