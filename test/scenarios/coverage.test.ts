import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { SCENARIO_FOLDER } from "../../harness/cli/verify/scenarios.ts";
import type { RulePlace } from "../../harness/model/rule-place.ts";
import { splitByCounters } from "../../harness/run/rules/counted-rules.ts";
import { type ParsedScenario, parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { listScenarioFiles, loadScenarioFiles } from "../../harness/run/scenario/scenario-files.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import { IS_THOROUGH, takeShare } from "../thoroughness.ts";

const loaded = await loadScenarioFiles(listScenarioFiles(SCENARIO_FOLDER));
if (!loaded.ok) throw new Error(JSON.stringify(loaded.findings, null, 2));

/** Every scenario whose rules are all generated, each capture config once, with the flows that the config itself makes worth driving. */
const generated: readonly ParsedScenario[] = loaded.value.flatMap(({ file, scenario }) => {
  const parsed = parseScenario(scenario, file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings, null, 2));
  return parsed.value.installation.kind === "capture" ? [{ ...parsed.value, flows: "boundaries" as const }] : [];
});
const distinct = [
  ...new Map(
    generated.map((scenario) => [JSON.stringify([scenario.capture.mesh, scenario.capture.settings]), scenario]),
  ).values(),
];

/**
 * Rules that no flow of a sandbox can take, by mesh or by scenario: those of which the rules themselves do not show that they are out of
 * reach.
 */
const OUT_OF_REACH: Readonly<Record<string, readonly RegExp[]>> = {
  // The vm dials by the first of its interfaces.
  "istio-1.4": [/^-A PREROUTING (-d \S+ )?-i net1 -j (ISTIO_REDIRECT|RETURN)$/],
  istio: [
    // What comes over lo behind the rules for the proxy's uid is the proxy's alone: the rule before has let all other sockets pass.
    /^-A ISTIO_OUTPUT ! -d \S+ -o lo -p tcp -m tcp ! --dport 15008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT$/,
    /^-A ISTIO_OUTPUT ! -d \S+ -o lo -p tcp -m tcp ! --dport 25008 -m owner --gid-owner 1337 -j ISTIO_IN_REDIRECT$/,
    /^-A ISTIO_OUTPUT -o lo( -p tcp -m tcp ! --dport 53)? -m owner ! --gid-owner 1337 -j RETURN$/,
    /^-A ISTIO_OUTPUT -d (127\.0\.0\.\S+|::1\/128) -j RETURN$/,
  ],
  // All that goes over lo to the loopback address has met one of the two rules for lo.
  kuma: [/^-A KUMA_MESH_OUTBOUND -d (127\.0\.0\.1\/32|::1\/128) .* -j RETURN$/],
  // The port is among those to ignore as well, whose rule stands before.
  "linkerd-listed-ports": [/^-A PROXY_INIT_REDIRECT -p tcp -m tcp --dport 8080 .* -j REDIRECT --to-ports 4143$/],
};

/** What the exceptions of a scenario may stand under. */
function namesOf({ capture, name }: ParsedScenario): readonly string[] {
  return [capture.mesh, name];
}

/** A chain that no rule leads to, or a rule behind one in the same chain that already takes all it could: the generator makes both. */
function isOutOfReach({ family, table, chain, index }: RulePlace, { installation }: ParsedScenario): boolean {
  if (installation.kind === "script") return false;
  const ruleset = installation.rules[family === 4 ? "ip" : "ip6"];
  const chains = ruleset?.tables.find(({ name }) => name === table)?.chains ?? [];
  const leads = chains.some(({ rules }) =>
    rules.some(({ target }) => target?.kind === "jump" && target.chain === chain),
  );
  const own = chains.find(({ name }) => name === chain);
  const rule = own?.rules[index - 1];
  if (!own || !rule) return false;
  const isBehind = own.rules.slice(0, index - 1).some((earlier) => {
    const needed = earlier.matches.filter(({ kind }) => kind !== "protocol");
    return needed.every((match) => rule.matches.some((other) => isDeepStrictEqual(match, other)));
  });
  return (own.base === null && !leads) || isBehind;
}

/** Gives the rules that no flow of a scenario takes, though nothing in the rules themselves says that none can. */
async function findMissed(scenario: ParsedScenario): Promise<readonly string[]> {
  await using sandbox = await openSandbox("simulated");
  const unhit: RulePlace[] = [];
  // What `coverage` would search besides, flows for rules that none of these takes, is not asked here.
  await runScenario(scenario, sandbox, {
    onRulesIn: async () => {
      unhit.push(...splitByCounters(await sandbox.counters()).unhit);
      return "clear";
    },
  });
  return unhit.filter((place) => !isOutOfReach(place, scenario)).map(({ rule }) => rule);
}

/** The missed rules by scenario, each driven once. */
const missedBy = new Map<string, Promise<readonly string[]>>();
function missedOf(scenario: ParsedScenario): Promise<readonly string[]> {
  const known = missedBy.get(scenario.name);
  if (known !== undefined) return known;
  const found = findMissed(scenario);
  missedBy.set(scenario.name, found);
  return found;
}

describe("the boundary flows of a config reach every rule that any flow can reach", () => {
  test.each(takeShare(distinct, 6).map((scenario) => [scenario.name, scenario] as const))(
    "of %s",
    async (_, scenario) => {
      const known = namesOf(scenario).flatMap((name) => OUT_OF_REACH[name] ?? []);
      const missed = await missedOf(scenario);
      expect(missed.filter((rule) => !known.some((pattern) => pattern.test(rule)))).toEqual([]);
    },
  );

  // Needs all of them.
  if (!IS_THOROUGH) return;
  test("every exception in this test is needed", { timeout: 180_000 }, async () => {
    const missed: { readonly names: readonly string[]; readonly rule: string }[] = [];
    for (const scenario of distinct)
      for (const rule of await missedOf(scenario)) missed.push({ names: namesOf(scenario), rule });
    const stale = Object.entries(OUT_OF_REACH).flatMap(([name, patterns]) =>
      patterns.filter((pattern) => !missed.some(({ names, rule }) => names.includes(name) && pattern.test(rule))),
    );
    expect(stale).toEqual([]);
  });
});
