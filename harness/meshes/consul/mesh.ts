import { codedFinding, type Parsed } from "../../model/finding.ts";
import type { Range } from "../../model/match.ts";
import type { Mesh, ReadSettings } from "../mesh.ts";
import { makeContract } from "./contract.ts";
import { CONSUL_MANIFEST, INJECTED_CONFIG } from "./manifest.ts";
import { CONSUL_OPTIONS } from "./options.ts";
import { makeShape } from "./pod.ts";
import { CONSUL_CHAINS, generateIptables } from "./rules.ts";
import { type ConsulSettings, readConsul } from "./settings.ts";

/** The rules of Consul's SDK. */
export const consul: Mesh<ConsulSettings> = {
  name: "consul",
  reproduces: { project: "hashicorp/consul", version: "sdk v0.18.2", commit: "sdk/v0.18.2", date: "2026-09-09" },
  options: CONSUL_OPTIONS,
  injected: {
    words: [],
    config: {
      path: "the injected default",
      text: JSON.stringify(INJECTED_CONFIG),
    },
  },
  read: (input) => refuseNative(readConsul(input)),
  render: (settings) => ({
    words: settings.format === "nftables" ? ["--native-nftables"] : [],
    config: { path: "settings", text: JSON.stringify(configOf(settings)) },
  }),
  generate: generateIptables,
  contract: (settings, { own }) => makeContract(settings, own),
  shape: makeShape,
  manifest: CONSUL_MANIFEST,
  traces: { chains: Object.values(CONSUL_CHAINS), placementOf: () => "bottom", looksMade: () => false },
};

/** The rules that the SDK makes with nft are not generated, and iptables' would not be what was asked for. */
function refuseNative(read: Parsed<ReadSettings<ConsulSettings>>): Parsed<ReadSettings<ConsulSettings>> {
  if (!read.ok || read.value.settings.format === "iptables") return read;
  const message =
    "landfall cannot generate Consul's native nftables rules; remove the option to get its iptables rules.";
  return { ok: false, findings: [codedFinding("unsupported", "--native-nftables", message)] };
}

function configOf(settings: ConsulSettings): Readonly<Record<string, unknown>> {
  const ports = (ranges: readonly Range[]) => ranges.map((range) => renderRange(range, ":"));
  return {
    ProxyUserID: renderRange(settings.proxyUid, "-"),
    ProxyInboundPort: settings.inboundPort,
    ProxyOutboundPort: settings.outboundPort,
    ExcludeInboundPorts: ports(settings.excludeInboundPorts),
    ExcludeOutboundPorts: ports(settings.excludeOutboundPorts),
    ExcludeOutboundCIDRs: settings.excludeOutboundNetworks,
    ExcludeUIDs: settings.excludeUids.map((ids) => renderRange(ids, "-")),
    ...(settings.dnsAddress === null ? {} : { ConsulDNSIP: settings.dnsAddress }),
    ...(settings.dnsPort === null ? {} : { ConsulDNSPort: settings.dnsPort }),
    DualStack: settings.dualStack === "on",
  };
}

function renderRange({ first, last }: Range, separator: string): string {
  return first === last ? `${first}` : `${first}${separator}${last}`;
}
