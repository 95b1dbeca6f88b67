import { expect, test } from "vitest";
import type { CoverageReport, ScenarioReport } from "../../../harness/model/report.ts";
import { summarize } from "../../../harness/model/report-summary.ts";
import type { RulePlace } from "../../../harness/model/rule-place.ts";
import { sampleReport } from "../report/sample-report.ts";

const [sample] = sampleReport().scenarios;

/** A scenario with these rules; `taken`, `left` for one that some flow would take, `beyond` for an unreachable one. */
function makeScenario(rules: Readonly<Record<string, "taken" | "left" | "beyond">>): ScenarioReport {
  if (!sample) throw new Error("the sample has no scenario");
  const places = Object.keys(rules).map(
    (rule, i): RulePlace => ({ family: 4, table: "nat", chain: "A", index: i + 1, rule }),
  );
  const listOf = (...kinds: readonly string[]) => places.filter(({ rule }) => kinds.includes(rules[rule] ?? ""));
  const coverage: CoverageReport = {
    rules: places.length,
    hit: listOf("taken").length,
    taken: listOf("taken"),
    unhit: listOf("left", "beyond"),
    unreachable: listOf("beyond"),
    takers: [],
  };
  return { ...sample, coverage: JSON.parse(JSON.stringify(coverage)) };
}

test.each([
  ["taken where one scenario takes it", [{ a: "left", b: "taken" }, { a: "taken" }], [2, 2, 0]],
  ["unreachable if it is unreachable in every scenario", [{ a: "beyond" }, { a: "beyond", b: "taken" }], [2, 1, 1]],
  ["to be taken where one scenario could", [{ a: "beyond" }, { a: "left" }], [1, 0, 0]],
] as const)("a rule of several scenarios counts once: %s", (_, scenarios, [rules, hit, unreachable]) => {
  expect(summarize(scenarios.map(makeScenario), 0).coverage).toEqual({ rules, hit, unreachable });
});

test("a run without --coverage has no coverage in its summary", () => {
  expect(summarize([{ ...makeScenario({}), coverage: null }], 0).coverage).toBeNull();
});
