import type { Mesh } from "../mesh.ts";
import { makeContract } from "./contract.ts";
import { INJECTED_WORDS, ISTIO_MANIFEST } from "./manifest.ts";
import { ISTIO_OPTIONS } from "./options.ts";
import { makeShape } from "./pod.ts";
import { readIstio } from "./reader.ts";
import { generateRules } from "./rules.ts";
import type { IstioSettings } from "./settings.ts";
import { ISTIO_TRACES } from "./traces.ts";
import { renderSettings } from "./words.ts";

/** The iptables rules of current Istio's istio-iptables. */
export const istio: Mesh<IstioSettings> = {
  name: "istio",
  reproduces: { project: "istio/istio", version: "master", commit: "86c9f01fd735", date: "2026-08-22" },
  options: ISTIO_OPTIONS,
  injected: { words: INJECTED_WORDS, config: null },
  toolDefaults: "whole",
  read: readIstio,
  render: renderSettings,
  generate: generateRules,
  contract: makeContract,
  shape: makeShape,
  manifest: ISTIO_MANIFEST,
  traces: ISTIO_TRACES,
};
