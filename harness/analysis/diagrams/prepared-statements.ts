import { renderTarget } from "../../formats/targets.ts";
import { familyKey } from "../../model/ruleset.ts";
import type { MapTarget, StatementsTarget, Target } from "../../model/target.ts";
import type { FlowSpace } from "../flows/flow-space.ts";
import { prepareMapKeys } from "./prepared-compare.ts";
import type { Condition, Effect, PreparedRule } from "./prepared-rule.ts";

/** Gives the statements of a rule as rules that follow each other; the first whose conditions fail ends them all. */
export function prepareStatements({ statements }: StatementsTarget, prepare: Prepare): Effect {
  const parts = statements.map(
    (part): PreparedRule =>
      "match" in part
        ? { conditions: prepare.match(part.match), effect: { kind: "next" } }
        : prepare.target(part.target),
  );
  return { kind: "sequence", parts };
}

/** How the parts of a rule are prepared. */
export interface Prepare {
  readonly match: (
    match: Extract<StatementsTarget["statements"][number], { match: unknown }>["match"],
  ) => readonly Condition[];
  readonly target: (target: Target) => PreparedRule;
}

/** Gives a map as rules of which the first whose conditions hold is taken. */
export function prepareMap(target: MapTarget, space: FlowSpace, prepare: Prepare): Effect {
  const tests = prepareMapKeys(target, space) ?? [];
  const branches = tests.flatMap((test, i): readonly PreparedRule[] => {
    const branch = target.branches[i];
    return branch === undefined
      ? []
      : [{ conditions: [test], effect: { kind: "sequence", parts: [prepare.target(branch.target)] } }];
  });
  return { kind: "choice", branches };
}

/** Gives what a target of nftables asks of a packet before it does anything; where that fails, the rule ends. */
export function conditionsOfTarget(target: Target, space: FlowSpace): readonly Condition[] {
  const never: Condition = { kind: "compare", readable: [], elements: [], wants: "some" };
  const asks = (text: string): Condition => ({ kind: "variable", variable: space.restVariable(text), value: 1 });
  const isOther = "family" in target && target.family !== undefined && target.family !== familyKey(space.family);
  if (isOther) return [never];
  if (target.kind === "reject" && isRejectOfOther(target.with, space)) return [never];
  if (target.kind === "tproxy-socket") return [asks(`takes ${renderTarget(target, space.family)}`)];
  return target.kind === "assign" && target.from === "connection" ? [asks("reads ct mark")] : [];
}

/** An ICMP error of one family does not answer packets of the other (nft_reject_inet_eval sees no such packet: nft asks for the family). */
function isRejectOfOther(how: string, { family }: FlowSpace): boolean {
  return family === 4 ? how.startsWith("icmp6-") : how.startsWith("icmp-");
}
