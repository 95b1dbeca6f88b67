import type { Mesh } from "../mesh.ts";
import { makeContract } from "./contract.ts";
import { AMBIENT_MANIFEST, INJECTED_WORDS } from "./manifest.ts";
import { AMBIENT_OPTIONS } from "./options.ts";
import { makeShape } from "./pod.ts";
import { AMBIENT_CHAINS, generateRules } from "./rules.ts";
import { type AmbientSettings, readAmbient } from "./settings.ts";

/** The rules that Istio's node agent puts into the pods of ambient mode. */
export const istioAmbient: Mesh<AmbientSettings> = {
  name: "istio-ambient",
  reproduces: { project: "istio/istio", version: "master", commit: "86c9f01fd735", date: "2026-08-22" },
  options: AMBIENT_OPTIONS,
  injected: { words: INJECTED_WORDS, config: null },
  toolDefaults: "whole",
  injectedAs: "variables",
  read: readAmbient,
  render: (settings) => ({ words: renderWords(settings), config: null }),
  generate: generateRules,
  contract: (settings, { own }) => makeContract(settings, own),
  shape: makeShape,
  manifest: AMBIENT_MANIFEST,
  traces: { chains: Object.values(AMBIENT_CHAINS), placementOf: () => "bottom", looksMade: () => false },
};

/** Every setting is said, its default too: a variable would count otherwise. */
function renderWords(settings: AmbientSettings): readonly string[] {
  const { dnsCapture, ipv6, inbound, virtualInterfaces, probeAddress } = settings;
  return [
    `--ambient-dns-capture=${dnsCapture === "on"}`,
    `--ambient-ipv6=${ipv6 === "on"}`,
    `--bypass-inbound-capture=${inbound === "bypassed"}`,
    ...["--reroute-virtual-interfaces", virtualInterfaces.join(",")],
    ...["--host-probe-snat-ip", probeAddress[4], "--host-probe-snat-ipv6", probeAddress[6]],
  ];
}
