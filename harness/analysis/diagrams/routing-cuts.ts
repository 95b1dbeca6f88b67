import type { Family } from "../../model/address.ts";
import type { PolicyRouting } from "../../model/policy-routing.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges } from "../../model/value-ranges.ts";

/** Gives the networks that rules and routes of policy routing name, at which flows may be routed otherwise. */
export function cutsOfRouting({ rules, routes }: PolicyRouting, family: Family): SplitPoints {
  const known = [...rules, ...routes].flatMap((one) => (one.kind !== "unknown" && one.family === family ? [one] : []));
  const networks = known.flatMap((one) => [one.to, "from" in one ? one.from : null]);
  return {
    addresses: networks.flatMap((network) => (network ? networkRanges(network) : [])),
    ports: [],
    ids: [],
    marks: [],
  };
}
