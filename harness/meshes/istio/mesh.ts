import type { Mesh } from "../mesh.ts";
import { makeContract } from "./contract.ts";
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
  injected: {
    words: [
      ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
      ...["-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"],
    ],
    config: null,
  },
  read: readIstio,
  render: renderSettings,
  generate: generateRules,
  contract: makeContract,
  shape: makeShape,
  traces: ISTIO_TRACES,
};
