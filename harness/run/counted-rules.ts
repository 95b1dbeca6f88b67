import { renderRule } from "../formats/rule-text.ts";
import type { CoverageReport } from "../model/report.ts";
import type { Rule, RulePlace, Ruleset } from "../model/ruleset.ts";
import type { CountedRules } from "../sandbox/sandbox.ts";

/** Gives the rules that have counted more packets in `after` than in `before`, both reads of the same rules; in the tables' order. */
export function findCountedRules(before: CountedRules, after: CountedRules): readonly RulePlace[] {
  const earlier = new Map(listRules(before).map(({ place, rule }) => [renderPlace(place), packetsOf(rule)]));
  return listRules(after)
    .filter(({ place, rule }) => packetsOf(rule) > (earlier.get(renderPlace(place)) ?? 0))
    .map(({ place }) => place);
}

/** Gives which of the rules have counted some packet since they were put in, and which have not. */
export function splitByCounters(counted: CountedRules): Pick<CoverageReport, "taken" | "unhit"> {
  const { taken = [], unhit = [] } = Object.groupBy(listRules(counted), ({ rule }) =>
    packetsOf(rule) > 0 ? "taken" : "unhit",
  );
  return { taken: taken.map(({ place }) => place), unhit: unhit.map(({ place }) => place) };
}

function listRules({ ip, ip6 }: CountedRules): readonly { readonly place: RulePlace; readonly rule: Rule }[] {
  return [ip, ip6].flatMap((ruleset) => (ruleset === null ? [] : placesOf(ruleset)));
}

function placesOf({ family, tables }: Ruleset) {
  return tables.flatMap((table) =>
    table.chains.flatMap((chain) =>
      chain.rules.map((rule, i) => {
        const text = renderRule(chain.name, rule, family);
        const place: RulePlace = { family, table: table.name, chain: chain.name, index: i + 1, rule: text };
        return { place, rule };
      }),
    ),
  );
}

function renderPlace({ family, table, chain, index }: RulePlace): string {
  return `${family} ${table} ${chain} ${index}`;
}

function packetsOf(rule: Rule): number {
  return rule.counters?.packets ?? 0;
}
