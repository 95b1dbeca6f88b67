import type { Mesh, MeshOption, SettingOrigin } from "../mesh.ts";
import { readCutCapture } from "./capture.ts";
import type { CaptureConfig } from "./config.ts";
import { renderConfigWords } from "./config-words.ts";
import { makeContract } from "./contract.ts";
import { describeDefaultConfig } from "./default-config.ts";
import type { Origin } from "./given.ts";
import { ISTIO_14_MANIFEST } from "./manifest.ts";
import { CAPTURE_FLAGS, type SettingName } from "./options.ts";
import { makeShape } from "./pod.ts";
import { generateRules, placementOf } from "./rules.ts";
import { SEED_WORDS } from "./seed.ts";
import { ISTIO_CHAINS, looksMade } from "./traces.ts";

/** The rules of Istio 1.4's shell generator, and what its documents promise. Without a word: the seed command's settings. */
export const istio14: Mesh<CaptureConfig> = {
  name: "istio-1.4",
  reproduces: {
    project: "istio/istio",
    version: "1.4, the last revision of istio-iptables.sh",
    commit: null,
    date: null,
  },
  options: CAPTURE_FLAGS.map(
    ({ setting, letter, name, value, words, variable, default: usual, help }): MeshOption => ({
      setting,
      flag: name,
      letter,
      variable,
      annotation: null,
      value,
      repeats: "last",
      ...(words === undefined ? {} : { words }),
      default: usual,
      help,
      effect: "rules",
    }),
  ),
  injected: { words: SEED_WORDS, config: null },
  precedence:
    "Lists are separated by commas. Order of precedence: flag, /var/lib/istio/envoy/sidecar.env, cluster.env in the same folder, environment variable, default. An empty list ('') also overrides a variable. -t reads and checks all input and does nothing else.",
  toolDefaults: "whole",
  variableFiles: "read",
  builtInScenarios: "there",
  firstFormat: "kept",
  describeDefault: (input, which) => describeDefaultConfig(input, which === "injected"),
  read: ({ tokens, environment, files, names, pod }) => {
    const read = readCutCapture({ tokens, environment, files, names, podIps: pod.addresses });
    if (!read.ok) return read;
    const { config, origins, warnings, purpose } = read.value;
    return { ok: true, value: { settings: config, origins: mapOrigins(origins), warnings, purpose } };
  },
  render: (config) => ({ ...renderConfigWords(config), config: null }),
  generate: generateRules,
  contract: (config, { own }) => makeContract(config, own),
  shape: makeShape,
  place: (config, podIps) => ({ ...config, podIps }),
  manifest: ISTIO_14_MANIFEST,
  traces: { chains: ISTIO_CHAINS, placementOf, looksMade },
};

/** Each keeps its own fields beside the name that every mesh gives. */
function mapOrigins(origins: Readonly<Record<SettingName, Origin>>): Readonly<Record<string, SettingOrigin>> {
  return Object.fromEntries(
    Object.entries(origins).map(([setting, origin]) => [setting, { ...origin, name: nameOf(origin) }]),
  );
}

function nameOf(origin: Origin): string | null {
  switch (origin.kind) {
    case "flag":
      return origin.flag;
    case "file":
      return origin.path;
    case "variable":
      return origin.variable;
    case "copy":
      return origin.of;
    case "default":
      return null;
  }
}
