import type { InterfaceMatch } from "../../model/match.ts";
import { POD_INTERFACE, type PodSpec } from "../../model/pod.ts";
import { listRules, type PodRules } from "../../model/ruleset.ts";

/** A link that no rule names, for what rules do with any but those they name. */
const OTHER_LINK = "other0";

/**
 * Gives interfaces that the pod does not have and at which rules may do otherwise than at those it has: `net1` for `-i net1`, `net0` for
 * `-i net+`, and for rules that name the pod's own interface one that they do not name. Where `-o lo` stands alone, the pod's own
 * interface is as good as any other.
 */
export function findFurtherLinks({ ip, ip6 }: PodRules, { shape }: PodSpec): readonly string[] {
  const patterns = [ip, ip6]
    .flatMap(listRules)
    .flatMap(({ matches }) => matches)
    .flatMap((match) => (isInterfaceMatch(match) ? [match.name] : []))
    .filter((pattern) => pattern !== "+");
  const known = ["lo", POD_INTERFACE, ...shape.links];
  const named = patterns
    .filter((pattern) => !known.some((name) => fits(name, pattern)))
    .map((pattern) => pattern.replace(/\+$/, "0"));
  const asksForPods = patterns.some((pattern) => fits(POD_INTERFACE, pattern));
  const others = asksForPods && !patterns.some((pattern) => fits(OTHER_LINK, pattern)) ? [OTHER_LINK] : [];
  return [...new Set([...named, ...others])];
}

function isInterfaceMatch(match: { readonly kind: string }): match is InterfaceMatch {
  return match.kind === "in-interface" || match.kind === "out-interface";
}

/** A trailing `+` stands for any ending. */
function fits(name: string, pattern: string): boolean {
  return pattern.endsWith("+") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
