import { LandfallError } from "../../errors.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import type { Flow, FlowSpec } from "../../model/flow.ts";
import { resolveFlow } from "../../model/flow-resolution.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { parseFlowText } from "../../model/flow-text.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { familyKey, NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { findLinkFaults } from "../../run/flow-faults.ts";
import { makePodSpec } from "../../run/pod-spec.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import { lastValue } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { CONTRACT_WITHOUT_RULES } from "../input/analysis-input.ts";
import { readSurroundings, refuseSurroundingsAlone } from "../input/given-surroundings.ts";
import { listRulesSources, readReading, readRulesFiles } from "../input/rules-file.ts";
import { type PlacedRules, placeRules } from "../input/surroundings.ts";

/** A flow to be explained and the rules it meets, not yet bound to a sandbox's addresses. */
export interface ExplainInput {
  readonly flow: FlowSpec;
  readonly rules: PodRules;
  /** Ports of the app beside the usual ones. */
  readonly listen: readonly number[];
  /** The command line's, in the pod that the rules need. */
  readonly capture: Capture;
  /** The texts of rules from outside. */
  readonly given: readonly GivenRules[];
}

const MISSING_FLOW: Parsed<never> = {
  ok: false,
  findings: [codedFinding("missing-value", "FLOW", "The flow is missing; give one in quotes: 'client -> pod:8080'.")],
};

/** Reads the FLOW and the rules of a command line; throws `bad-input` with every finding. */
export function readExplainInput(line: CaptureCommandLine, io: CommandIo): ExplainInput {
  const findings: Finding[] = [];
  const text = line.options.positionals.join(" ");
  const flow = text.trim() === "" ? MISSING_FLOW : parseFlowText(text, line.capture.shape);
  if (flow.ok) findings.push(...findLinkFaults(flow.value, line.capture).map((found) => ({ ...found, where: "FLOW" })));
  else findings.push(...flow.findings);
  const { rules, capture, given } = readRules(line, io, findings);
  const listen = readPorts(lastValue(line.options, "listen"), findings);
  if (flow.ok && rules[familyKey(flow.value.family)] === null && findings.length === 0) {
    const option = flow.value.family === 4 ? "--rules" : "--rules6";
    findings.push(
      codedFinding(
        "wrong-family",
        "FLOW",
        `${renderFlowText(flow.value)} is an IPv${flow.value.family} flow, but IPv${flow.value.family} is not under test; give ${option} as well.`,
      ),
    );
  }
  if (!flow.ok || findings.length > 0) {
    throw new LandfallError("bad-input", "The flow cannot be explained, and nothing was driven.", { findings });
  }
  return { flow: flow.value, rules, listen, capture, given };
}

function readPorts(text: string | undefined, findings: Finding[]): readonly number[] {
  const ports = text === undefined ? [] : text.split(",");
  const isPort = (port: string) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
  for (const port of ports)
    if (!isPort(port)) findings.push(finding("--listen", `"${port}" is not a port; use 1 to 65535.`));
  return ports.filter(isPort).map(Number);
}

/** A file of rules takes the place of the generated ones; the family without a file is then not under test. */
function readRules(
  { options, capture }: CaptureCommandLine,
  io: CommandIo,
  findings: Finding[],
): PlacedRules & Pick<ExplainInput, "given"> {
  const { generated } = capture;
  const sources = listRulesSources(options);
  if (sources.length === 0 && generated === null) findings.push(CONTRACT_WITHOUT_RULES);
  if (sources.length === 0) refuseSurroundingsAlone(options, findings);
  if (sources.length === 0) return { rules: generated ?? NO_RULES, capture, given: [] };
  const outside = readRulesFiles(sources, readReading(options), io, findings);
  const around = readSurroundings(options, io, findings);
  if (findings.length > 0) return { rules: NO_RULES, capture, given: [] };
  return { ...placeRules(outside, capture, around, io), given: outside.given };
}

/** Binds the flow to a sandbox's addresses, with the pod that it needs. */
export function bindExplained(
  { flow, listen, rules, capture }: ExplainInput,
  addresses: SandboxAddresses,
): { readonly flow: Flow; readonly spec: PodSpec } {
  const resolved = resolveFlow(flow, addresses, capture.shape);
  return { flow: resolved, spec: makePodSpec(capture, [resolved], listen, addresses, [rules]) };
}
