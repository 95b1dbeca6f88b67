import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { canBeOwned } from "../../analysis/pod/wide-pod.ts";
import { findTies } from "../../formats/nft/untold-order.ts";
import { readRoutingListing } from "../../formats/routing-listing.ts";
import { FAMILIES, type Family, familyOf } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import { listRules, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import { makePodSpec } from "../../run/pod-spec.ts";
import { readPolicyRouting } from "../../run/rules/printed-routing.ts";
import type { LiveNamespace } from "../../sandbox/live/live-namespace.ts";
import type { LiveRules } from "../../sandbox/live/live-rules.ts";
import { placePod } from "../arguments/pod-addresses.ts";

/** A namespace with what was read there. */
export interface Inspected {
  readonly live: LiveNamespace;
  readonly read: LiveRules;
}

/**
 * Gives the rules of all sources together, as the kernel applies them, with the routing that is there. Of IPv6 nothing is said where the
 * pod has neither rules nor an address of it that others can reach.
 */
export function inspectedRules({ read: { rulesets, routing, addresses } }: Inspected): PodRules {
  const join = (family: Family): Ruleset | null => {
    const own = rulesets.filter(({ ruleset }) => ruleset.family === family);
    const isThere = own.some(({ ruleset }) => listRules(ruleset).length > 0) || hasFamily(addresses, family);
    return own.length === 0 || !isThere ? null : { family, tables: own.flatMap(({ ruleset }) => ruleset.tables) };
  };
  const [ip, ip6] = FAMILIES.map(join);
  return { ip: ip ?? null, ip6: ip6 ?? null, policyRouting: readLiveRouting(routing) };
}

/** As `--routing` reads a listing, with the addresses of `lo`; where that cannot be read, whatever is routed is unknown. */
function readLiveRouting(printed: string): PolicyRouting {
  const { addresses } = readPolicyRouting(printed);
  const parsed = readRoutingListing(printed, "ip");
  if (parsed.ok) return { ...parsed.value, addresses };
  const [first] = parsed.findings;
  const rules = FAMILIES.map((family) => ({ kind: "unknown", family, text: first?.message ?? "" }) as const);
  return { rules, routes: [], addresses };
}

/**
 * Gives a sentence for each two chains of a live namespace whose order is not known. A table of `inet` is in both families' rules: its ties
 * are told once.
 */
export function findLiveTies({ read: { rulesets } }: Inspected): readonly string[] {
  const ties = FAMILIES.flatMap((family) =>
    findTies(rulesets.filter(({ ruleset }) => ruleset.family === family).flatMap(({ ruleset }) => ruleset.tables)),
  );
  return [...new Set(ties.map(([one, other]) => `${one} and ${other} stand at one hook and priority`))];
}

function hasFamily(addresses: readonly string[], family: Family): boolean {
  return addresses.some((address) => familyOf(address) === family) || (family === 4 && addresses.length === 0);
}

/** Gives the addresses that the pod of an analysis takes over: those of the namespace that no peer of the analysis has. */
export function livePodIps({ addresses }: Pick<LiveRules, "addresses">): readonly string[] {
  const { client, upstream, vm } = DEFAULT_ADDRESSES;
  const others = [client, upstream, vm].flatMap((host) => [host[4], host[6]]);
  const own = addresses.filter((address) => canBeOwned(address) && !others.includes(address));
  return own.length > 0 ? own : [DEFAULT_ADDRESSES.pod[4]];
}

/** Gives the pod that the rules are analysed in. */
export function makeLiveSetting(capture: Capture, rules: PodRules): AnalysisSetting {
  const addresses = placePod(capture);
  return {
    spec: makePodSpec(capture, [], [], addresses, [rules]),
    addresses,
    passThrough: rules.policyRouting.addresses.length > 0 ? "there" : "absent",
  };
}
