import type { Ruleset } from "../../model/ruleset.ts";
import type { Diagram } from "../diagrams/diagrams.ts";
import type { Signer } from "../diagrams/signature.ts";
import { findDomain } from "./flow-domain.ts";
import { DIMENSION, type FlowSpace } from "./flow-space.ts";
import type { Lane } from "./lane.ts";
import { openMeeting } from "./met-chains.ts";

/**
 * Gives a function that makes for each lane one diagram a rule set. Lanes that only their sockets or their protocols tell apart have the
 * same flows by every dimension, and the same diagrams.
 */
export function openLaneSigner(
  { sign }: Signer,
  rulesets: readonly Ruleset[],
  space: FlowSpace,
): (lane: Lane) => readonly Diagram[] {
  const made = new Map<string, readonly Diagram[]>();
  const meetingOf = openMeeting(rulesets);
  return (lane) => {
    const domain = findDomain(space, lane);
    const key = JSON.stringify([lane.host, ...domain]);
    const known = made.get(key);
    if (known !== undefined) return known;
    const names = Object.keys(DIMENSION) as (keyof typeof DIMENSION)[];
    const signed = sign(
      Object.fromEntries(
        names.flatMap((name) => {
          const atoms = domain.get(DIMENSION[name]);
          return atoms === undefined ? [] : [[name, atoms]];
        }),
      ),
      meetingOf(lane),
    );
    made.set(key, signed);
    return signed;
  };
}
