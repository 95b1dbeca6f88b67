import { isLanding } from "../../model/expectation.ts";
import type { FlowReport } from "../../model/report.ts";
import type { TracedCause } from "./remedy.ts";

/** A flow that landed wrong, with its cause. */
export interface FoundCause {
  readonly flow: FlowReport;
  readonly cause: TracedCause["cause"];
  /** The clause that it breaks, with what it says; null where that says nothing of the cause. */
  readonly clause: string | null;
  /** Whether a rule that the mesh has not takes it, or a policy drops it: one cause, whatever was required. */
  readonly isWhole: boolean;
  /** The same for flows that may have one cause. */
  readonly key: string;
}

/** Puts together what breaks one clause, and what should have landed on one listener: either is one fault. */
export function joinAlike(found: readonly FoundCause[]): readonly (readonly FoundCause[])[] {
  const [first] = found;
  const isMixed = first?.cause.kind === "deciding-rule" || first?.cause.kind === "no-rule";
  if (!isMixed || first.isWhole) return [found];
  const groups: { readonly names: Set<string>; readonly members: FoundCause[] }[] = [];
  for (const each of found) {
    const names = [requiredEnd(each.flow), ...(each.clause === null ? [] : [each.clause])];
    const alike = groups.filter((group) => names.some((name) => group.names.has(name)));
    const joined = {
      names: new Set([...names, ...alike.flatMap((group) => [...group.names])]),
      members: [...alike.flatMap(({ members }) => members), each],
    };
    for (const group of alike) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  }
  return groups.map(({ members }) => members);
}

function requiredEnd({ expected }: FlowReport): string {
  return isLanding(expected) ? (expected.hops[0]?.listener ?? expected.listener ?? expected.kind) : expected.kind;
}
