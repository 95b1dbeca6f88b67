import { renderList } from "../../formats/list.ts";
import { renderNftText } from "../../formats/nft/write-nft.ts";
import { type RoutingTexts, renderRoutingTexts } from "../../formats/routing-texts.ts";
import type { SettingOrigin } from "../../meshes/mesh.ts";
import type { Capture } from "../../model/capture.ts";
import { listNftTables, type PodRules, type Ruleset } from "../../model/ruleset.ts";

/** Rules as data for other programs: what `generate --format json` prints. */
export interface RulesData {
  /** What `--mesh` takes. */
  readonly mesh: string;
  readonly settings: unknown;
  /** Istio 1.4's settings, which have stood under this name since the first format; absent with every other mesh. */
  readonly config?: unknown;
  /** For every setting where its value came from. */
  readonly origins: Readonly<Record<string, SettingOrigin>>;
  readonly ip: Readonly<Record<string, readonly string[]>>;
  readonly ip6: Readonly<Record<string, readonly string[]>>;
  /** Tables of nftables as `nft -f` takes them, of both families; absent where there are none. */
  readonly nft?: string;
  readonly policyRouting: RoutingTexts;
}

/** Gives rules and the settings that made them as data. */
export function renderRulesData(
  rules: PodRules,
  { capture, origins }: { readonly capture: Capture; readonly origins: RulesData["origins"] },
): RulesData {
  const { ip, ip6, policyRouting } = rules;
  const { mesh, settings, firstFormat } = capture;
  const own = firstFormat === "kept" ? { config: settings } : {};
  const tables = { ip: renderTables(ip), ip6: renderTables(ip6) };
  const nftTables = listNftTables(rules);
  const nft = nftTables.length === 0 ? {} : { nft: renderNftText(nftTables) };
  return { mesh, settings, ...own, origins, ...tables, ...nft, policyRouting: renderRoutingTexts(policyRouting) };
}

/** Istio 1.4's three tables are always there; of others those that have something. */
function renderTables(ruleset: Ruleset | null): Readonly<Record<string, readonly string[]>> {
  const ofIptables = (ruleset?.tables ?? []).filter(({ source }) => source !== "nft");
  const names = new Set(["nat", "mangle", "filter", ...ofIptables.map(({ name }) => name)]);
  return Object.fromEntries([...names].map((name) => [name, linesOf(ruleset, name)]));
}

function linesOf(ruleset: Ruleset | null, table: string): readonly string[] {
  const lines = ruleset ? renderList(ruleset, table).split("\n") : [];
  return lines.filter((line) => /^-[NA] /.test(line));
}
