import type { ResolvedCapture } from "../capture/capture.ts";
import { renderList } from "../formats/list.ts";
import { type RoutingTexts, renderRoutingTexts } from "../formats/routing-texts.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { PodRules, Ruleset } from "../model/ruleset.ts";

/**
 * One family's rules by table, lines as `iptables -S` prints them, policies aside: `["-N ISTIO_OUTPUT", "-A OUTPUT -p tcp -j
 * ISTIO_OUTPUT"]`.
 */
export type RulesByTable = Readonly<Record<"nat" | "mangle" | "filter", readonly string[]>>;

/** Rules as data for other programs: what `generate --format json` prints. */
export interface RulesData {
  readonly config: CaptureConfig;
  /** For every setting where its value came from. */
  readonly origins: ResolvedCapture["origins"];
  readonly ip: RulesByTable;
  readonly ip6: RulesByTable;
  readonly policyRouting: RoutingTexts;
}

/** Gives rules and the settings that made them as data. */
export function renderRulesData(rules: PodRules, { config, origins }: ResolvedCapture): RulesData {
  const { ip, ip6, policyRouting } = rules;
  return {
    config,
    origins,
    ip: renderTables(ip),
    ip6: renderTables(ip6),
    policyRouting: renderRoutingTexts(policyRouting),
  };
}

/** Gives the rules of any mesh as data, each family's by table. */
export function renderTablesData({ ip, ip6, policyRouting }: PodRules) {
  const byTable = (ruleset: Ruleset | null) =>
    Object.fromEntries((ruleset?.tables ?? []).map(({ name }) => [name, linesOf(ruleset, name)]));
  return { ip: byTable(ip), ip6: byTable(ip6), policyRouting: renderRoutingTexts(policyRouting) };
}

function renderTables(ruleset: Ruleset | null): RulesByTable {
  return { nat: linesOf(ruleset, "nat"), mangle: linesOf(ruleset, "mangle"), filter: linesOf(ruleset, "filter") };
}

function linesOf(ruleset: Ruleset | null, table: string): readonly string[] {
  const lines = ruleset ? renderList(ruleset, table).split("\n") : [];
  return lines.filter((line) => /^-[NA] /.test(line));
}
