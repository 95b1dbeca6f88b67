import { parseCapture } from "../capture/capture.ts";
import { generateRules } from "../capture/dialects.ts";
import { readRulesText } from "../formats/rules-text.ts";
import { FAMILIES, type Family } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { type Finding, finding, type Parsed } from "../model/finding.ts";
import type { Manner } from "../model/flow.ts";
import { type FlowText, parseFlowText } from "../model/flow-text.ts";
import { type LandingText, parseLandingText } from "../model/landing-text.ts";
import { NO_LOOKUPS } from "../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../model/pod.ts";
import { type FamilyKey, familyKey, listFamilies, type PodRules, type Ruleset } from "../model/ruleset.ts";
import type { Scenario } from "../model/scenario.ts";
import type { Installation } from "../sandbox/sandbox.ts";
import { findFlowFaults, findPortFaults } from "./flow-faults.ts";
import { removeRules } from "./removed-rules.ts";
import type { SalvagedScenario } from "./scenario-shape.ts";

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
  /**
   * What the scenario's flows hold the rules to: `config`, the rules are the config's own or stand in for them; `author`, the author has
   * written other rules and says what those do.
   */
  readonly rulesOf: "config" | "author";
  /** Ports of the app beside the usual ones. */
  readonly listen: readonly number[];
  /** The flows as written; or `intended`: flows and landings follow from the config. */
  readonly flows: readonly WrittenFlow[] | "intended";
  /** The families that something is to be said of; absent: all that have rules. */
  readonly families?: readonly Family[];
  /** Families of the pod that rules were not given for, although something is to be said of them. */
  readonly notLookedAt?: readonly Family[];
}

/** What the pod looks like to the generator, in the sandbox's default addresses. */
const POD_ADDRESSES = {
  ipv4: [DEFAULT_ADDRESSES.pod[4]],
  ipv6: [DEFAULT_ADDRESSES.pod[6]],
  dual: [DEFAULT_ADDRESSES.pod[4], DEFAULT_ADDRESSES.pod[6]],
} as const;

/** Reads a scenario, all findings at once; each names `file` and the field. */
export function parseScenario(scenario: Scenario | SalvagedScenario, file: string): Parsed<ParsedScenario> {
  const findings: Finding[] = [];
  const note = (field: string, found: readonly Finding[]) => {
    for (const each of found)
      findings.push({ ...each, where: `${file}: ${field}${each.where === "" ? "" : ` ${each.where}`}` });
  };
  const config = readCapture(scenario, note);
  const rules = scenario.rules && readRules(scenario.rules, note);
  const installation = config && makeInstallation(scenario, config, rules, note);
  const flows = (["answer", "forward"] as const).flatMap((manner) =>
    Object.entries(scenario[manner] ?? {}).flatMap(([flow, landing]) => readFlow(flow, landing, manner, config, note)),
  );
  const underTest = rules ?? installation?.rules;
  if (underTest) note("rules", findUntested(flows, underTest));
  if (findings.length > 0 || !config || !installation) return { ok: false, findings };
  const { name, claim, listen = [] } = scenario;
  const rulesOf = installation.kind === "capture" ? "config" : "author";
  return { ok: true, value: { name, claim, config, installation, rulesOf, listen, flows } };
}

type Note = (field: string, found: readonly Finding[]) => void;

/** Null where there are findings. A flag and its value in one word are a fault in a file, and read as two for those of the value. */
function readCapture({ capture, environment = {}, pod = "ipv4" }: Scenario | SalvagedScenario, note: Note) {
  if (capture === null) return null;
  const joined = capture.filter((word) => JOINED_WORDS.test(word));
  note("capture", joined.map(refuseJoined));
  const words = capture.flatMap((word) => splitJoined(word));
  const places = { environment, files: [], names: NO_LOOKUPS, podIps: POD_ADDRESSES[pod] };
  const read = parseCapture({ words, ...places });
  if (!read.ok) note("capture", read.findings);
  return read.ok ? read.value.config : null;
}

/** A flag and a value with a blank between them: `-u 1337`. */
const JOINED_WORDS = /^(-[a-zA-Z]|--[\w-]+)\s+(.*)$/s;

function splitJoined(word: string): readonly string[] {
  return JOINED_WORDS.exec(word)?.slice(1) ?? [word];
}

function refuseJoined(word: string): Finding {
  const apart = splitJoined(word).map((part) => JSON.stringify(part));
  return finding("", `"${word}" is a flag and its value in one word; write ${apart.join(", ")}.`);
}

type GivenRules = Pick<PodRules, FamilyKey>;

function makeInstallation(
  scenario: Scenario | SalvagedScenario,
  config: CaptureConfig,
  rules: GivenRules | undefined,
  note: Note,
): Exclude<Installation, { readonly kind: "script" }> {
  const generated = generateRules(config);
  if (rules) return { kind: "rules", rules: { ...rules, policyRouting: generated.policyRouting } };
  if (scenario.without) {
    const rules = removeRules(generated, scenario.without);
    if (!rules.ok) for (const fault of rules.findings) note(`without${fault.where}`, [{ ...fault, where: "" }]);
    return { kind: "rules", rules: rules.ok ? rules.value : generated };
  }
  return { kind: "capture", flags: scenario.capture ?? [], environment: scenario.environment ?? {}, rules: generated };
}

function findUntested(flows: readonly WrittenFlow[], rules: GivenRules): readonly Finding[] {
  const tested = listFamilies(rules);
  const families = new Set(flows.map(({ flow }) => flow.family).filter((family) => !tested.includes(family)));
  return [...families].map((family) => {
    const field = familyKey(family);
    return finding(
      "",
      `There are IPv${family} flows, and ${field} is not given; ${field}: "" puts that family under test without rules.`,
    );
  });
}

function readRules(rules: NonNullable<Scenario["rules"]>, note: Note): GivenRules {
  const read = (family: Family) => readFamily(rules[familyKey(family)], family, note);
  return { ip: read(4), ip6: read(6) };
}

function readFamily(text: string | undefined, family: Family, note: Note): Ruleset | null {
  if (text === undefined) return null;
  const field = `rules.${familyKey(family)}`;
  const parsed = readRulesText(text, { where: "", family, noise: "strict" });
  if (!parsed.ok) note(field, parsed.findings);
  if (!parsed.ok) return { family, tables: [] };
  const own = parsed.value[familyKey(family)];
  const other = parsed.value[familyKey(family === 4 ? 6 : 4)];
  if (other !== null)
    note(field, [finding("", `This has rules of IPv${other.family}; put them into the other field.`)]);
  return own ?? { family, tables: [] };
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
  const faults = [
    ...findFlowFaults(flow.value, manner, config),
    ...(config ? findPortFaults(flowText, landing.value, config) : []),
  ];
  note(manner, faults);
  return faults.length > 0 ? [] : [{ flow: flow.value, manner, landing: landing.value }];
}

/** Gives the families that an installation puts rules in for, or may: a family whose rules are null is not under test. */
export function familiesUnderTest(installation: Installation): readonly Family[] {
  return installation.kind === "script" ? FAMILIES : listFamilies(installation.rules);
}

/** Gives the families that a scenario says something of. */
export function familiesOf({ installation, families = FAMILIES }: ParsedScenario): readonly Family[] {
  return familiesUnderTest(installation).filter((family) => families.includes(family));
}

/**
 * Gives the scenario with another installation; flows of a family that is no longer under test are left away.
 * Null where no flow is left: such a scenario could never fail.
 */
export function replaceInstallation(scenario: ParsedScenario, installation: Installation): ParsedScenario | null {
  const replaced = { ...scenario, installation };
  const tested = familiesOf(replaced);
  if (scenario.flows === "intended") return tested.length > 0 ? replaced : null;
  const flows = scenario.flows.filter(({ flow }) => tested.includes(flow.family));
  return flows.length > 0 ? { ...replaced, flows } : null;
}
