import { findExpectation } from "../../contract/expectation.ts";
import { firstConnection } from "../../contract/first-connection.ts";
import type { BrokenClause, CauseReport } from "../../model/cause-report.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { FlowReport } from "../../model/report.ts";
import type { BoundScenario } from "../scenario/bound-scenario.ts";

/**
 * Gives what a cause says of the clauses of the contract that its flows break: each with the number of flows, most first, and the only one
 * in words; nothing where none is known. A flow that lands where the contract wants
 * it breaks none, whatever its scenario expects; nor does what the proxy sends on, which may break another clause than the flow itself.
 *
 * @example
 * tellBrokenClauses(flows, bound, addresses)
 * // { breaks: "no-uid-loop: Connections from …", clauses: [{ name: "no-uid-loop", says: "Connections from …", flows: 13 }] }
 */
export function tellBrokenClauses(
  flows: readonly FlowReport[],
  { capture, spec }: Pick<BoundScenario, "capture" | "spec">,
  addresses: SandboxAddresses,
): Pick<CauseReport, "breaks" | "clauses"> {
  const { demand, clauses } = capture.contractFor(addresses);
  const broken = flows.flatMap((flow) => {
    if (flow.manner !== "answer" || flow.observed === flow.forwarded) return [];
    const demanded = demand(firstConnection(flow, spec.shape));
    const expected = findExpectation(capture, flow, flow.manner, addresses, spec);
    const isBroken = expected !== null && !meetsExpectation(expected, flow.observed);
    return isBroken && "clause" in demanded ? [demanded.clause] : [];
  });
  const listed: readonly BrokenClause[] = [...Map.groupBy(broken, (name) => name)]
    .flatMap(([name, { length }]) =>
      clauses.filter((each) => each.name === name).map(({ says }) => ({ name, says, flows: length })),
    )
    .toSorted((a, b) => b.flows - a.flows);
  const [only, ...others] = listed;
  if (only === undefined) return {};
  return { ...(others.length === 0 ? { breaks: `${only.name}: ${only.says}` } : {}), clauses: listed };
}
