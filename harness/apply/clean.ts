import type { Family } from "../model/address.ts";
import { statesOf } from "./apply.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork } from "./network-state.ts";
import { guessOwnRouting, intersectRouting, removeLines } from "./own-routing.ts";
import type { Claim } from "./own-rules.ts";
import { readRecord, removeRecord } from "./record.ts";
import { commitChanges, planChange, type RulesChange } from "./transaction.ts";

const FAMILIES: readonly Family[] = [4, 6];

/**
 * Takes out of the network namespace everything that the generator makes, of both variants: chains and the rules that lead to them, then
 * policy routing and addresses. Foreign rules stay, and what was there before `apply`, as far as its record knows. Gives the lines it has
 * carried out, of `iptables-restore` and `ip -batch`; none where there was nothing to clean.
 */
export async function cleanRules({ network: state, variants }: NamespaceState): Promise<readonly string[]> {
  const record = readRecord(state.links);
  const claim: Claim = record ? { kind: "recorded", made: record.hooks } : { kind: "all" };
  const routing = record?.routing ?? guessOwnRouting(state.routing, statesOf(variants));
  const changes = variants.flatMap(({ toolset, families }) =>
    FAMILIES.flatMap((family): readonly RulesChange[] => {
      const read = families[family];
      if ("why" in read) return [];
      return [{ toolset, family, before: read.state, claim, claimAfter: claim, wanted: new Map() }];
    }),
  );
  const lines = [...changes.map(planChange), ...removeLines(intersectRouting(state.routing, routing))];
  await commitChanges(changes);
  await changeNetwork(removeLines(intersectRouting(state.routing, routing)));
  removeRecord();
  return lines.filter((line) => line !== "");
}
