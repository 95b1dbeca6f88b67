import { expect, test } from "vitest";
import type { Report } from "../../harness/model/report.ts";
import type { RulePlace } from "../../harness/model/rule-place.ts";
import { runCommand } from "../unit/cli/run-command.ts";

test("the scenarios together take every rule that some flow can reach", { timeout: 180_000 }, async () => {
  const { code, out } = await runCommand("verify", "--all", "--sandbox", "simulated", "--coverage", "--json");
  const { scenarios, summary } = JSON.parse(out) as Report;
  const coverages = scenarios.flatMap(({ coverage }) => coverage ?? []);
  const name = ({ family, table, chain, rule }: RulePlace) => `IPv${family} ${table} ${chain}: ${rule}`;
  const taken = new Set(coverages.flatMap((coverage) => coverage.taken.map(name)));
  const reachable = coverages.flatMap(({ unhit, unreachable }) => {
    const never = unreachable.map(name);
    return unhit.map(name).filter((rule) => !never.includes(rule));
  });
  const missed = [...new Set(reachable)].filter((rule) => !taken.has(rule));
  expect({ code, missed }).toEqual({ code: 0, missed: [] });
  const { rules = 0, hit = 0, unreachable = 0 } = summary.coverage ?? {};
  expect({ hit, missed: rules - hit - unreachable }).toEqual({ hit: taken.size, missed: 0 });
});
