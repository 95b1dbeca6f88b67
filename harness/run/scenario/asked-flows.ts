import type { AskedReport } from "../../model/asked-report.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { FLOW_PROTOCOLS, type Flow } from "../../model/flow.ts";
import { holdsFlow } from "../../model/flow-set.ts";
import { parseFlowSet } from "../../model/flow-set-text.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { parseFlowText } from "../../model/flow-text.ts";
import { rankByMistakes } from "../../model/near-names.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import { bindScenario } from "./bound-scenario.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";

/** Flows that are named where a pattern matches none. */
const NEAREST = 3;

/** Flows of one pod, and what the names in a pattern stand for there. */
export interface FlowGroup {
  readonly flows: readonly Flow[];
  readonly shape: PodShape;
  readonly addresses: SandboxAddresses;
}

/**
 * Gives for each pod the texts of the flows that patterns of `--flows` ask for. A pattern that is a flow asks for the flow of exactly this
 * text. Any other asks for the flows of the set that it describes (see {@link parseFlowSet}) and, with `*`, for those whose text it
 * matches, where `*` stands for any characters. A pattern that asks for no flow of any pod is a finding, which names the flows that are
 * spelled most like it.
 *
 * @example
 * "app -> *:80" asks for app -> upstream:80 and app -> localhost:80; "uid=1000-1999 -> elsewhere:80,443/tcp+udp" for the set's flows
 */
export function askFlows(
  patterns: readonly string[],
  groups: readonly FlowGroup[],
): Parsed<readonly ReadonlySet<string>[]> {
  const found = patterns.map((pattern) => groups.map((group) => matchFlows(pattern, group)));
  const idle = patterns.filter((_, i) => found[i]?.every((texts) => texts.length === 0));
  if (idle.length > 0) return { ok: false, findings: describeIdle(idle, groups) };
  return { ok: true, value: groups.map((_, i) => new Set(found.flatMap((texts) => texts[i] ?? []))) };
}

function matchFlows(pattern: string, { flows, shape, addresses }: FlowGroup): readonly string[] {
  const isFlow = parseFlowText(pattern, shape).ok;
  const set = parseFlowSet(pattern, "", { addresses, shape, protocols: FLOW_PROTOCOLS });
  const isAsked = (flow: Flow) =>
    isFlow
      ? renderFlowText(flow.spec) === pattern
      : matchesText(pattern, renderFlowText(flow.spec)) || (set.ok && holdsFlow(set.value, flow, addresses));
  return flows.filter(isAsked).map(({ spec }) => renderFlowText(spec));
}

/** Says whether a text is a pattern's; `*` stands for any characters, and for none. */
function matchesText(pattern: string, text: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function describeIdle(patterns: readonly string[], groups: readonly FlowGroup[]): readonly Finding[] {
  const texts = [...new Set(groups.flatMap(({ flows }) => flows.map(({ spec }) => renderFlowText(spec))))];
  // As a report counts them: a flow that the proxy answers and the same that it forwards are two.
  const count = groups.reduce((sum, { flows }) => sum + flows.length, 0);
  const among = count === 1 ? "the only flow" : `any of the ${count} flows`;
  return patterns.map((pattern) => {
    const near = rankByMistakes(pattern, texts).slice(0, NEAREST);
    const named = near.length === 0 ? "" : `; the nearest: ${near.map((flow) => `"${flow}"`).join(", ")}`;
    return codedFinding("nothing-asked", "--flows", `"${pattern}" does not match ${among}${named}.`);
  });
}

/**
 * Gives the scenarios with a flow that some pattern asks for, in their order; each drives these flows alone. Where flows follow from
 * settings they are known only in the sandbox, and the patterns go along. A pattern that asks for no flow of any scenario is a finding.
 */
export function askScenarios(
  scenarios: readonly ParsedScenario[],
  patterns: readonly string[],
): Parsed<readonly ParsedScenario[]> {
  if (scenarios.some(({ flows }) => flows === "boundaries"))
    return { ok: true, value: scenarios.map((scenario) => ({ ...scenario, asked: { patterns, texts: null } })) };
  const found = askFlows(
    patterns,
    scenarios.map((scenario): FlowGroup => {
      const { capture, flows } = bindScenario(scenario, DEFAULT_ADDRESSES);
      return { flows: flows.map(({ flow }) => flow), shape: capture.shape, addresses: DEFAULT_ADDRESSES };
    }),
  );
  if (!found.ok) return found;
  const asked = scenarios.map((scenario, i) => ({ ...scenario, asked: { patterns, texts: found.value[i] ?? null } }));
  return { ok: true, value: asked.filter(({ asked: { texts } }) => texts === null || texts.size > 0) };
}

/** Gives what a report says of patterns of `--flows`: so many flows of so many were driven, and nothing is doubtful about them. */
export function reportAsked(
  patterns: readonly string[],
  flows: readonly unknown[],
  among: readonly unknown[],
): AskedReport {
  return { patterns, flows: flows.length, of: among.length, remaining: [], failure: null };
}
