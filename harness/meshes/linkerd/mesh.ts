import type { Mesh } from "../mesh.ts";
import { makeContract } from "./contract.ts";
import { INJECTED_WORDS, LINKERD_MANIFEST } from "./manifest.ts";
import { LINKERD_OPTIONS } from "./options.ts";
import { makeShape } from "./pod.ts";
import { generateRules, INBOUND_CHAIN, OUTBOUND_CHAIN } from "./rules.ts";
import { type LinkerdSettings, readLinkerd } from "./settings.ts";

/** The rules of Linkerd's init container. */
export const linkerd: Mesh<LinkerdSettings> = {
  name: "linkerd",
  reproduces: {
    project: "linkerd/linkerd2-proxy-init",
    version: "main",
    commit: "183e791d99dc",
    date: "2026-07-23",
  },
  options: LINKERD_OPTIONS,
  injected: { words: INJECTED_WORDS, config: null },
  read: readLinkerd,
  render: (settings) => ({ words: renderWords(settings), config: null }),
  generate: generateRules,
  contract: (settings, { own }) => makeContract(settings, own),
  shape: makeShape,
  manifest: LINKERD_MANIFEST,
  traces: {
    chains: [INBOUND_CHAIN, OUTBOUND_CHAIN],
    placementOf: () => "bottom",
    looksMade: () => false,
  },
};

function renderWords(settings: LinkerdSettings): readonly string[] {
  const ports = (ranges: LinkerdSettings["inboundPortsToIgnore"]) =>
    ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
  const given: readonly (readonly [flag: string, text: string])[] = [
    ["--incoming-proxy-port", `${settings.incomingProxyPort}`],
    ["--outgoing-proxy-port", `${settings.outgoingProxyPort}`],
    ["--proxy-uid", settings.proxyUid === null ? "" : `${settings.proxyUid}`],
    ["--proxy-gid", settings.proxyGid === null ? "" : `${settings.proxyGid}`],
    ["--ports-to-redirect", settings.portsToRedirect.join(",")],
    ["--inbound-ports-to-ignore", ports(settings.inboundPortsToIgnore)],
    ["--outbound-ports-to-ignore", ports(settings.outboundPortsToIgnore)],
    ["--subnets-to-ignore", settings.subnetsToIgnore.join(",")],
  ];
  const words = given.flatMap(([flag, text]) => (text === "" ? [] : [flag, text]));
  return settings.ipv6 === "on" ? words : [...words, "--ipv6=false"];
}
