import type { Range } from "../../model/match.ts";
import type { Mesh } from "../mesh.ts";
import { makeContract } from "./contract.ts";
import { CONSUL_TABLE, generateNative } from "./native-rules.ts";
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
      text: JSON.stringify({
        ProxyUserID: "5995",
        ProxyInboundPort: 20000,
        ProxyOutboundPort: 15001,
        ExcludeInboundPorts: ["21000"],
        ExcludeUIDs: ["5996"],
        ConsulDNSIP: "127.0.0.1",
        ConsulDNSPort: 8600,
      }),
    },
  },
  read: readConsul,
  render: (settings) => ({
    words: settings.format === "nftables" ? ["--native-nftables"] : [],
    config: { path: "settings", text: JSON.stringify(configOf(settings)) },
  }),
  generate: (settings) => (settings.format === "nftables" ? generateNative(settings) : generateIptables(settings)),
  contract: (settings, { own }) => makeContract(settings, own),
  shape: makeShape,
  traces: {
    chains: Object.values(CONSUL_CHAINS),
    nftTables: [CONSUL_TABLE],
    placementOf: () => "bottom",
    looksMade: () => false,
  },
};

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
