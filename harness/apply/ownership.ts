import { LandfallError } from "../errors.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "../model/policy-routing.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { guessOwnRouting, isEmptyRouting } from "./own-routing.ts";
import { type Claim, hasOwnChains, type MadeHook } from "./own-rules.ts";
import { type ApplyRecord, readRecord } from "./record.ts";
import type { RulesState } from "./rules-state.ts";
import type { InstalledRules } from "./toolsets.ts";

/** What is ours in a namespace of the things that could be anybody's. */
export interface Ownership {
  readonly claim: Claim;
  /** Recorded rules of chains that are not ours; none where there is no record. */
  readonly hooks: readonly MadeHook[];
  readonly routing: PolicyRouting;
  readonly record: ApplyRecord | null;
}

/** Says what in the namespace is ours; throws `environment` if some of it cannot be seen without the command `ip`. */
export function readOwnership(namespace: NamespaceState, purpose: "apply" | "clean"): Ownership {
  const ours = findOwnership(namespace, purpose);
  const divert = statesOf(namespace.variants).some((state) => state.get("mangle")?.has("ISTIO_DIVERT"));
  if (namespace.network.extent === "whole" || !(divert || !isEmptyRouting(ours.routing))) return ours;
  throw new LandfallError(
    "environment",
    "An earlier apply created policy routing here, which cannot be read or removed without the ip command; nothing was done. Install iproute2.",
  );
}

/**
 * Says what is ours: what the record tells; without one everything that looks like the generator's (`clean`), or everything only where our
 * chains are too, since otherwise it was there before (`apply`).
 */
function findOwnership({ network, variants, nft }: NamespaceState, purpose: "apply" | "clean"): Ownership {
  const record = readRecord(network.extent === "whole" ? network.links : null);
  if (record) {
    const { hooks, routing } = record;
    return { claim: { kind: "recorded", made: hooks }, hooks, routing, record };
  }
  const states = statesOf(variants);
  if (purpose === "apply" && !states.some(hasOwnChains) && nft.tables.length === 0) {
    return { claim: { kind: "none" }, hooks: [], routing: NO_POLICY_ROUTING, record };
  }
  return { claim: { kind: "all" }, hooks: [], routing: guessOwnRouting(network.routing, states), record };
}

function statesOf(variants: readonly InstalledRules[]): readonly RulesState[] {
  return variants.flatMap(({ families }) =>
    [families[4], families[6]].flatMap((read) => ("state" in read ? [read.state] : [])),
  );
}
