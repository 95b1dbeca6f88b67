import type { Rule } from "../../model/ruleset.ts";
import type { Mesh } from "../mesh.ts";
import { KUMA_CHAINS } from "./chain-rules.ts";
import { makeContract } from "./contract.ts";
import { KUMA_MANIFEST } from "./manifest.ts";
import { KUMA_OPTIONS } from "./options.ts";
import { makeShape } from "./pod.ts";
import { readKuma } from "./reader.ts";
import { renderSettings } from "./render.ts";
import { generateRules } from "./rules.ts";
import type { KumaSettings } from "./settings.ts";

/** What the comment of every rule begins with, unless comments are off. */
const COMMENT = "kuma/mesh/transparent/proxy/";

const DNS_PORT = 53;

/** The rules of kumactl install transparent-proxy. */
export const kuma: Mesh<KumaSettings> = {
  name: "kuma",
  reproduces: { project: "kumahq/kuma", version: "master", commit: "348b6528bc23", date: "2026-08-21" },
  options: KUMA_OPTIONS,
  injected: { words: [], config: null },
  toolDefaults: "whole",
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

/**
 * Says whether kumactl puts a rule of a built-in chain before the rules of others. It does so with exclusions, redirects and logs, and with
 * the jump of inbound traffic where there are virtual networks or where asked to. Limit: whether the jump of outbound traffic was asked to
 * be at the top cannot be seen in the rule; it is put at the bottom.
 */
function standsAtTop(chain: string, { matches, target }: Rule): boolean {
  const isDnsOverTcp = matches.some(
    (match) => match.kind === "destination-port" && match.module === "tcp" && match.ports.first === DNS_PORT,
  );
  if (chain === "OUTPUT")
    return target?.kind === "redirect" || target?.kind === "log" || (target?.kind === "return" && !isDnsOverTcp);
  if (chain !== "PREROUTING") return false;
  return (
    target?.kind === "redirect" ||
    matches.some((match) => match.kind === "comment" && match.text.includes("remaining TCP"))
  );
}
