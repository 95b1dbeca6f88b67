import { findRewrites } from "../analysis/packet-views.ts";
import { listFixedEnds, widenPod } from "../analysis/wide-pod.ts";
import { canBeElsewhere } from "../capture/intent-boundaries.ts";
import { FAMILIES } from "../model/address.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import { familyKey, type PodRules } from "../model/ruleset.ts";

/**
 * Gives a pod whose peers also have what rules rewrite to: upstream owns every address of DNAT's that a sandbox can give it, and both peers
 * listen on its ports. An analysis takes that for granted; without it a flow so rewritten would only show that nobody is there.
 */
export function ownRewritten(spec: PodSpec, pods: readonly PodRules[], addresses: SandboxAddresses): PodSpec {
  const ends = FAMILIES.map((family) => {
    const rulesets = pods.map((rules) => rules[familyKey(family)]).filter((ruleset) => ruleset !== null);
    const { destinations } = findRewrites(rulesets, { family, addresses, spec, gateways: [] });
    const fixed = listFixedEnds(family, destinations);
    return { ...fixed, addresses: fixed.addresses.filter((address) => canBeElsewhere(address, family, addresses)) };
  });
  const all = { addresses: ends.flatMap((end) => end.addresses), ports: ends.flatMap((end) => end.ports) };
  return widenPod(spec, all, addresses);
}
