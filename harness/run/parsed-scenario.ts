import { parseCapture } from "../capture/capture.ts";
import { generateRules } from "../capture/dialects.ts";
import { parseIptablesSave } from "../formats/iptables-save.ts";
import { FAMILIES, type Family } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import { type Finding, finding, type Parsed } from "../model/finding.ts";
import type { Manner } from "../model/flow.ts";
import { type FlowText, parseFlowText } from "../model/flow-text.ts";
import { type LandingText, parseLandingText } from "../model/landing-text.ts";
import { NO_LOOKUPS } from "../model/name-lookups.ts";
import { DEFAULT_ADDRESSES, hostOfActor, isLoopback, PASS_THROUGH_ADDRESS } from "../model/pod.ts";
import { familyKey, listFamilies, type Ruleset } from "../model/ruleset.ts";
import type { Scenario } from "../model/scenario.ts";
import type { Installation } from "../sandbox/sandbox.ts";
import { removeRules } from "./removed-rules.ts";

/** One flow as its author wrote it. */
export interface WrittenFlow {
  readonly flow: FlowText;
  readonly manner: Manner;
  readonly landing: LandingText;
}

/** A scenario with everything read that can be read before there is a sandbox: only its addresses are missing. */
export interface ParsedScenario {
  readonly name: string;
  readonly claim: string;
  readonly config: CaptureConfig;
  readonly installation: Installation;
  /** Ports of the app beside the usual ones. */
  readonly listen: readonly number[];
  /** The flows as written; or `intended`: flows and landings follow from the config. */
  readonly flows: readonly WrittenFlow[] | "intended";
}

/** What the pod looks like to the generator, in the sandbox's default addresses. */
const POD_ADDRESSES = {
  ipv4: [DEFAULT_ADDRESSES.pod[4]],
  ipv6: [DEFAULT_ADDRESSES.pod[6]],
  dual: [DEFAULT_ADDRESSES.pod[4], DEFAULT_ADDRESSES.pod[6]],
} as const;

/** Reads a scenario, all findings at once; each names `file` and the field. */
export function parseScenario(scenario: Scenario, file: string): Parsed<ParsedScenario> {
  const capture = parseCapture({
    words: scenario.capture,
    environment: scenario.environment ?? {},
    files: [],
    names: NO_LOOKUPS,
    podIps: POD_ADDRESSES[scenario.pod ?? "ipv4"],
  });
  const findings: Finding[] = [];
  const note = (field: string, found: readonly Finding[]) =>
    findings.push(
      ...found.map((each) => ({ ...each, where: `${file}: ${field}${each.where === "" ? "" : ` ${each.where}`}` })),
    );
  if (!capture.ok) note("capture", capture.findings);
  const config = capture.ok ? capture.value.config : null;
  const installation = config && readInstallation(scenario, config, note);
  const flows = (["answer", "forward"] as const).flatMap((manner) =>
    Object.entries(scenario[manner] ?? {}).flatMap(([flow, landing]) => readFlow(flow, landing, manner, config, note)),
  );
  if (installation) note("rules", findUntested(flows, installation));
  if (findings.length > 0 || !config || !installation) return { ok: false, findings };
  const { name, claim, listen = [] } = scenario;
  return { ok: true, value: { name, claim, config, installation, listen, flows } };
}

type Note = (field: string, found: readonly Finding[]) => void;

function readInstallation(scenario: Scenario, config: CaptureConfig, note: Note): Installation {
  const generated = generateRules(config);
  if (scenario.rules) {
    const [ip, ip6] = FAMILIES.map((family) => readRules(scenario.rules?.[familyKey(family)], family, note));
    return { kind: "rules", rules: { ip: ip ?? null, ip6: ip6 ?? null, policyRouting: generated.policyRouting } };
  }
  if (scenario.without) {
    const rules = removeRules(generated, scenario.without);
    if (!rules.ok) for (const fault of rules.findings) note(`without${fault.where}`, [{ ...fault, where: "" }]);
    return { kind: "rules", rules: rules.ok ? rules.value : generated };
  }
  return { kind: "capture", flags: scenario.capture, environment: scenario.environment ?? {}, rules: generated };
}

function findUntested(flows: readonly WrittenFlow[], installation: Installation): readonly Finding[] {
  const tested = familiesUnderTest(installation);
  const families = new Set(flows.map(({ flow }) => flow.family).filter((family) => !tested.includes(family)));
  return [...families].map((family) => {
    const field = familyKey(family);
    return finding(
      "",
      `There are IPv${family} flows, and ${field} is not given; ${field}: "" puts that family under test without rules.`,
    );
  });
}

function readRules(text: string | undefined, family: Family, note: Note): Ruleset | null {
  if (text === undefined) return null;
  const parsed = parseIptablesSave(text, { where: "", family });
  if (parsed.ok) return parsed.value;
  note(`rules.${familyKey(family)}`, parsed.findings);
  return { family, tables: [] };
}

function readFlow(
  flowText: string,
  landingText: string,
  manner: Manner,
  config: CaptureConfig | null,
  note: Note,
): readonly WrittenFlow[] {
  const flow = parseFlowText(flowText, "");
  const landing = parseLandingText(landingText, `"${flowText}"`);
  if (!flow.ok) note(manner, flow.findings);
  if (!landing.ok) note(manner, landing.findings);
  if (!flow.ok || !landing.ok) return [];
  const faults = config ? checkActor(flow.value, config) : [];
  note(manner, faults);
  return faults.length > 0 ? [] : [{ flow: flow.value, manner, landing: landing.value }];
}

/** What no sandbox could give: a source that the actor's host has not, a vm without an interface for it. */
function checkActor({ text, actor, source, family }: FlowText, config: CaptureConfig): readonly Finding[] {
  const findings: Finding[] = [];
  const own = DEFAULT_ADDRESSES[hostOfActor(actor)][family];
  if (source !== null && !isLoopback(source) && source !== own)
    findings.push(
      finding(
        "",
        `"${text}" starts from ${source}, which is no address of its host; use ${own} or a loopback address.`,
      ),
    );
  if (source === PASS_THROUGH_ADDRESS[6] && !isIpv6Pod(config))
    findings.push(finding("", `"${text}" starts from ::6, which only an IPv6 pod has; write pod: "ipv6".`));
  if (actor === "vm" && config.kubevirtInterfaces.length === 0)
    findings.push(finding("", `"${text}" starts from a vm, and there is none without -k; name an interface there.`));
  return findings;
}

/** Gives the families that an installation puts rules in for, or may: a family whose rules are null is not under test. */
export function familiesUnderTest(installation: Installation): readonly Family[] {
  return installation.kind === "script" ? FAMILIES : listFamilies(installation.rules);
}

/**
 * Gives the scenario with another installation; flows of a family that is no longer under test are left away.
 * Null where no flow is left: such a scenario could never fail.
 */
export function replaceInstallation(scenario: ParsedScenario, installation: Installation): ParsedScenario | null {
  if (scenario.flows === "intended") return { ...scenario, installation };
  const tested = familiesUnderTest(installation);
  const flows = scenario.flows.filter(({ flow }) => tested.includes(flow.family));
  return flows.length > 0 ? { ...scenario, installation, flows } : null;
}
