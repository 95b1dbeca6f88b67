import {
  type BackendName,
  type FlowReport,
  type FlowVerdict,
  judgePrediction,
  type ScenarioReport,
} from "../model/report.ts";
import { type EvidenceRow, listEvidence, nameObserved } from "./evidence.ts";

/** The flow beneath which a cause was told, by that cause, within one scenario: one wrong rule shows in many flows. */
export type ToldCauses = Map<string, string>;

/** Of more flows than these nobody looks first for those that passed, where some failed. */
export const FEW_FLOWS = 20;

/** The rows of a flow's evidence that other flows may have word for word. */
function namesOfCauses(verdict: FlowVerdict, backend: BackendName): readonly string[] {
  if (verdict === "pass") return [];
  return verdict === "wrong" ? ["rule", "required", "nearest", "defect"] : [nameObserved(backend)];
}

/** Says whether there is nothing to be told of a flow beside its landing: it landed as expected, and as predicted. */
export function isClear(flow: FlowReport): boolean {
  return flow.verdict === "pass" && judgePrediction(flow) !== "disagrees";
}

/** Says whether a flow is one of a cause, where it is explained. */
export function isInCause(flow: FlowReport, { causes }: Pick<ScenarioReport, "causes">): boolean {
  return flow.verdict === "wrong" && causes !== undefined && judgePrediction(flow) !== "disagrees";
}

/** Says whether there is nothing to be told of a scenario: all of its flows landed as expected, and all were looked at. */
export function isGreen({ flows, omissions, classes, asked, notLookedAt }: ScenarioReport): boolean {
  // Reports of earlier versions have no classes.
  const isComplete = !classes || (classes.left === 0 && classes.failure === null);
  const isCertain = !asked || (asked.remaining.length === 0 && asked.failure === null);
  const isWhole = (notLookedAt ?? []).length === 0 && omissions.length === 0;
  return isWhole && isComplete && isCertain && flows.every(isClear);
}

/**
 * Gives what is told of a flow, and notes its cause in `told`: nothing where all is well, and of a cause that was told before only where:
 * `["cause", "same as envoy -> upstream:80"]`.
 */
export function selectEvidence(flow: FlowReport, told: ToldCauses, backend: BackendName): readonly EvidenceRow[] {
  if (isClear(flow)) return [];
  const rows = listEvidence(flow, backend);
  const names = namesOfCauses(flow.verdict, backend);
  const causes = rows.filter(([name]) => names.includes(name));
  const key = JSON.stringify(causes);
  const before = told.get(key);
  if (before === undefined) told.set(key, flow.flow);
  if (before === undefined || causes.length === 0) return rows;
  return [...rows.filter((row) => row[0] === "expected"), ["cause", `same as ${before}`]];
}
