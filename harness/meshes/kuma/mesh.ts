import type { Mesh } from "../mesh.ts";
import { KUMA_CHAINS } from "./chain-rules.ts";
import { makeContract } from "./contract.ts";
import { KUMA_MANIFEST } from "./manifest.ts";
import { KUMA_OPTIONS } from "./options.ts";
import { standsAtTop } from "./placement.ts";
import { makeShape } from "./pod.ts";
import { readKuma } from "./reader.ts";
import { renderSettings } from "./render.ts";
import { generateRules } from "./rules.ts";
import type { KumaSettings } from "./settings.ts";

/** What the comment of every rule begins with, unless comments are off. */
const COMMENT = "kuma/mesh/transparent/proxy/";

/** The rules of kumactl install transparent-proxy. */
export const kuma: Mesh<KumaSettings> = {
  name: "kuma",
  reproduces: { project: "kumahq/kuma", version: "master", commit: "348b6528bc23", date: "2026-08-21" },
  options: KUMA_OPTIONS,
  injected: { words: [], config: null },
  read: readKuma,
  render: renderSettings,
  generate: generateRules,
  contract: makeContract,
  shape: makeShape,
  manifest: KUMA_MANIFEST,
  traces: {
    chains: Object.values(KUMA_CHAINS),
    placementOf: (chain, rule) => (standsAtTop(chain, rule) ? "top" : "bottom"),
    looksMade: (_family, _table, _chain, body) => body.includes(COMMENT),
  },
};
