import type { CompareElement } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { fitsInterface, POD_INTERFACE, type PodSpec } from "../../model/pod.ts";
import { listDistinctMatches } from "../../model/rule-parts.ts";
import type { Ruleset } from "../../model/ruleset.ts";

/** A link that no rule names, for what rules do with any but those they name. */
const OTHER_LINK = "other0";

/** What nft calls the interfaces of a packet. */
const INTERFACE_KEYS = ["meta iifname", "meta iif", "meta oifname", "meta oif"];

/**
 * Gives interfaces that the pod does not have and at which rules may do otherwise than at those it has: `net1` for `-i net1` or `oifname
 * "net1"`, `net0` for `-i net+` or `iifname "net*"` (even if the pod has `net1`), and for rules that name the pod's own interface one that
 * they do not name. Where `-o lo` stands alone, the pod's own interface is as good as any other.
 *
 * @example
 * findFurtherLinks([ruleset], spec)   // ["net1"] of -A PREROUTING -i net1 -j RETURN; [] of rules that name no interface
 */
export function findFurtherLinks(rulesets: readonly (Ruleset | null)[], { shape }: PodSpec): readonly string[] {
  const patterns = listDistinctMatches(rulesets)
    .flatMap(listPatterns)
    .filter((pattern) => pattern !== "+");
  const named = patterns
    .filter(
      (pattern) =>
        !["lo", POD_INTERFACE].some((name) => fitsInterface(name, pattern)) && !shape.links.includes(pattern),
    )
    .map((pattern) => (pattern.endsWith("+") ? freeName(pattern.slice(0, -1), shape.links) : pattern));
  const asksForPods = patterns.some((pattern) => fitsInterface(POD_INTERFACE, pattern));
  const others = asksForPods && !patterns.some((pattern) => fitsInterface(OTHER_LINK, pattern)) ? [OTHER_LINK] : [];
  return [...new Set([...named, ...others])];
}

/** Gives an interface with these first letters that the pod does not have: other rules may name those that it has. */
function freeName(prefix: string, taken: readonly string[]): string {
  for (let i = 0; ; i++) if (!taken.includes(`${prefix}${i}`)) return `${prefix}${i}`;
}

/** Gives the interfaces that a match names, as iptables writes them: nft's `net*` is `net+`. */
function listPatterns(match: Match): readonly string[] {
  if (match.kind === "in-interface" || match.kind === "out-interface") return [match.name];
  if (match.kind !== "compare") return [];
  return match.keys.flatMap(({ name }, i) =>
    INTERFACE_KEYS.includes(name) ? match.elements.flatMap((element) => namesIn(element[i])) : [],
  );
}

function namesIn(range: CompareElement[number] | undefined): readonly string[] {
  return range !== undefined && "name" in range ? [range.name.replace(/\*$/, "+")] : [];
}
