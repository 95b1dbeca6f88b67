import type { Family } from "../model/address.ts";
import type { PolicyRouting } from "../model/ruleset.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork } from "./network-state.ts";
import { guessOwnRouting, intersectRouting, removeLines, subtractRouting } from "./own-routing.ts";
import { type Claim, ownTable } from "./own-rules.ts";
import { type Ownership, readOwnership } from "./ownership.ts";
import { NOTHING_MADE, removeRecord, writeRecord } from "./record.ts";
import { commitChanges, planChange, type RulesChange } from "./transaction.ts";

const FAMILIES: readonly Family[] = [4, 6];

/**
 * Takes out of the network namespace everything that the generator makes, of both variants: chains and the rules that lead to them, then
 * policy routing and addresses. Foreign rules stay, and what was there before `apply`, as far as its record knows. Gives what it has
 * carried out, input of `iptables-restore` and lines of `ip -batch`; nothing where there was nothing to clean.
 */
export function cleanRules(namespace: NamespaceState): readonly string[] {
  const ours = readOwnership(namespace, "clean");
  const { claim, routing } = ours;
  const changes = namespace.variants.flatMap(({ toolset, families }) =>
    FAMILIES.flatMap((family): readonly RulesChange[] => {
      const read = families[family];
      if ("why" in read) return [];
      return [{ toolset, family, before: read.state, claim, claimAfter: claim, wanted: new Map() }];
    }),
  );
  const lines = removeLines(intersectRouting(namespace.network.routing, routing));
  commitChanges(changes);
  changeNetwork(lines);
  if (leavesLookalikes(changes, namespace.network.routing, ours))
    writeRecord({ ...NOTHING_MADE, links: namespace.network.links });
  else removeRecord();
  return [...changes.map(planChange), ...lines].filter((line) => line !== "");
}

/**
 * Says whether something stays that looks like the generator's and was there before: then a second `clean` must know that nothing is ours.
 */
function leavesLookalikes(changes: readonly RulesChange[], present: PolicyRouting, ours: Ownership): boolean {
  const counts = (claim: Claim) =>
    changes.map(({ before, family }) =>
      [...before].map(([name, table]) => ownTable(table, family, name, claim).hooks.length),
    );
  const guessed = guessOwnRouting(
    present,
    changes.map(({ before }) => before),
  );
  const { rules, routes, addresses } = subtractRouting(guessed, ours.routing);
  const kept = [...rules, ...routes, ...addresses];
  return kept.length > 0 || counts({ kind: "all" }).flat(2).join() !== counts(ours.claim).flat(2).join();
}
