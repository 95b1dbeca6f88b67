import { renderCount } from "../../model/listed-words.ts";
import type { FlowsToAdd, MutantReport } from "../../model/mutation-report.ts";
import type { MutationSubject } from "../../run/mutation/mutation-subject.ts";
import { nameProtocols } from "../arguments/restriction.ts";

/** Gives what to say of one rule set: counts, and each missed mutant with the flow that would show it. */
export function describeSubject({ name, flows, protocols }: MutationSubject, mutants: readonly MutantReport[]): string {
  const missed = mutants.filter(({ outcome }) => outcome === "missed");
  const lines = missed.map((each) => `  missed: ${each.mutant}\n    ${describeShowing(each)}\n`);
  return `${name}: ${describeCounts(mutants)} (${renderCount(flows.length, "flow")}; ${nameProtocols(protocols)})\n${lines.join("")}`;
}

/** Without a flow the landings that differ read alike, or it is not known whether any differ. */
function describeShowing({ flow, expected }: MutantReport): string {
  return flow
    ? `would show it: "${flow.flow}": "${expected}"`
    : "no flow is known whose landing would read differently";
}

/** Gives the counts of all mutants, and the score. */
export function describeScore(mutants: readonly MutantReport[], score: number): string {
  if (mutants.length === 0) return "\nThere is no rule to break, so there is no mutation score.\n";
  // Rounded down: one that is missed among thousands must not read as none.
  return `\n${describeCounts(mutants)}: mutation score ${(Math.floor(score * 1_000) / 10).toFixed(1)} %\n`;
}

function describeCounts(mutants: readonly MutantReport[]): string {
  const count = (wanted: MutantReport["outcome"]) => mutants.filter(({ outcome }) => outcome === wanted).length;
  return `${mutants.length} mutants, ${count("caught")} caught, ${count("equivalent")} equivalent, ${count("missed")} missed`;
}

/** Gives a set of flows as it can be pasted into a scenario's `answer`, and says which mutants no known flow shows. */
export function describeFlowsToAdd({ scenario, flows, uncovered }: FlowsToAdd): string {
  const caught = new Set(flows.flatMap(({ catches }) => catches)).size;
  const missed = caught + uncovered.length;
  const which = uncovered.length === 0 ? `all ${missed}` : `${caught} of the ${missed}`;
  const head = `${scenario}: a smallest set found that catches ${which} missed mutants, as the simulator predicts, for the scenario's answer:`;
  const lines = flows.map(({ flow, expected }) => `    ${JSON.stringify(flow.flow)}: ${JSON.stringify(expected)},`);
  const rest = uncovered.map((mutant) => `  no flow is known that catches: ${mutant}`);
  return ["", ...(flows.length === 0 ? [`${scenario}:`] : [head, ...lines]), ...rest, ""].join("\n");
}
