import { LandfallError } from "../../harness/errors.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import type { AgreementCase } from "./agreement-case.ts";
import { compareCase } from "./compare.ts";

/** Every step may wait for a time-out. */
const SHRINKING_AT_MOST_MS = 45_000;

/**
 * Gives the smallest case in which the first disagreement of a case is still there: one flow, and no rule, match or policy that could be
 * left out, as far as the time allows. Every step is tried on the kernel.
 */
export async function shrinkCase(found: AgreementCase, sandbox: Sandbox): Promise<AgreementCase> {
  let smallest = found;
  const deadline = performance.now() + SHRINKING_AT_MOST_MS;
  for (let tries = smaller(smallest); ; tries = smaller(smallest)) {
    const next = await findDisagreeing(tries, sandbox, deadline);
    if (next === null) return smallest;
    smallest = next;
  }
}

async function findDisagreeing(
  cases: readonly AgreementCase[],
  sandbox: Sandbox,
  deadline: number,
): Promise<AgreementCase | null> {
  for (const one of cases) {
    if (performance.now() > deadline) return null;
    if (await disagrees(one, sandbox)) return one;
  }
  return null;
}

/** A rule of nft that lacks one of its matches may be one that the kernel refuses: that is no smaller case. */
async function disagrees(one: AgreementCase, sandbox: Sandbox): Promise<boolean> {
  try {
    const { disagreements } = await compareCase(one, sandbox);
    return disagreements.length > 0;
  } catch (error) {
    if (error instanceof LandfallError && error.code === "rules-refused") return false;
    throw error;
  }
}

function smaller(found: AgreementCase): readonly AgreementCase[] {
  const { ip, ip6, policyRouting } = found.rules;
  const withRules = (rules: PodRules) => ({ ...found, rules });
  const routing = policyRouting.rules.length > 0 ? [{ ...policyRouting, rules: [], routes: [] }] : [];
  return [
    ...(ip ? smallerRulesets(ip).map((set) => withRules({ ...found.rules, ip: set })) : []),
    ...(ip6 ? smallerRulesets(ip6).map((set) => withRules({ ...found.rules, ip6: set })) : []),
    ...routing.map((one) => withRules({ ...found.rules, policyRouting: one })),
  ];
}

/** Whole tables first, then rules, then matches, then policies: each left out alone. */
function smallerRulesets(ruleset: Ruleset): readonly Ruleset[] {
  const { tables } = ruleset;
  const withChains = (t: number, chains: Ruleset["tables"][number]["chains"]) => ({
    ...ruleset,
    tables: tables.map((table, i) => (i === t ? { ...table, chains } : table)),
  });
  const inChains = tables.flatMap(({ chains }, t) =>
    chains.flatMap((chain, c) => {
      const withChain = (changed: typeof chain) =>
        withChains(
          t,
          chains.map((one, i) => (i === c ? changed : one)),
        );
      const emptied = chain.rules.length > 1 ? [withChain({ ...chain, rules: [] })] : [];
      const without = chain.rules.map((_, r) => withChain({ ...chain, rules: chain.rules.filter((_, i) => i !== r) }));
      const plain = chain.rules.flatMap((rule, r) =>
        rule.matches.flatMap((match, m) =>
          match.kind === "protocol"
            ? []
            : withChain({
                ...chain,
                rules: chain.rules.map((one, i) =>
                  i === r ? { ...rule, matches: rule.matches.filter((_, j) => j !== m) } : one,
                ),
              }),
        ),
      );
      const { base } = chain;
      const accepting =
        base?.policy === "DROP" ? [withChain({ ...chain, base: { ...base, policy: "ACCEPT" as const } })] : [];
      return [...emptied, ...without, ...accepting, ...plain];
    }),
  );
  const withoutTable = tables.map((_, t) => ({ ...ruleset, tables: tables.filter((_, i) => i !== t) }));
  return [...withoutTable, ...inChains];
}
