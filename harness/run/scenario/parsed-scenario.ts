// Long because each field of a scenario has a reader of its own, and all of them share the findings.
import { readRulesText } from "../../formats/rules-text.ts";
import { MESHES } from "../../meshes/meshes.ts";
import { cutOptionWords } from "../../meshes/option-words.ts";
import type { Family } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { FlowSpec, Manner } from "../../model/flow.ts";
import { parseFlowText } from "../../model/flow-text.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import type { LandingSpec } from "../../model/landing.ts";
import { parseLandingText } from "../../model/landing-text.ts";
import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { RequiredBy } from "../../model/required-by.ts";
import { type FamilyKey, familyKey, listFamilies, NO_RULES, type PodRules, type Ruleset } from "../../model/ruleset.ts";
import type { Scenario } from "../../model/scenario.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { Installation } from "../../sandbox/sandbox.ts";
import { findFlowFaults, findPortFaults } from "../flow-faults.ts";
import { meshNamed, usualShape } from "./named-shape.ts";
import { removeRules } from "./removed-rules.ts";
import type { SalvagedScenario } from "./scenario-shape.ts";

/** One flow as its author wrote it. */
export interface WrittenFlow {
  readonly flow: FlowSpec;
  readonly manner: Manner;
  readonly landing: LandingSpec;
}

/** A scenario with everything read that can be read before there is a sandbox: only its addresses are missing. */
export interface ParsedScenario {
  readonly name: string;
  readonly claim: string;
  /** What says where its flows must land, for a reader of the report. */
  readonly requiredBy: RequiredBy;
  readonly capture: Capture;
  readonly installation: Installation;
  /**
   * What the scenario's flows hold the rules to: `capture`, the rules are the mesh's own or stand in for them; `author`, the author has
   * written other rules and says what those do.
   */
  readonly rulesOf: "capture" | "author";
  /** Ports of the app beside the usual ones. */
  readonly listen: readonly number[];
  /** The flows as written; or `boundaries`: flows and landings follow from the contract. */
  readonly flows: readonly WrittenFlow[] | "boundaries";
  /** The families that something is to be said of; absent: all that have rules. */
  readonly families?: readonly Family[];
  /** Families of the pod that rules were not given for, although something is to be said of them. */
  readonly notLookedAt?: readonly Family[];
  /** The texts that the rules come from, where others than landfall wrote them; absent where there are none. */
  readonly given?: readonly GivenRules[];
  /** Which flows alone are to be driven; absent: all. `texts` is null where the flows are known only in the sandbox. */
  readonly asked?: { readonly patterns: readonly string[]; readonly texts: ReadonlySet<string> | null };
}

/** What the pod looks like to the generator, in the sandbox's default addresses. */
const POD_ADDRESSES = {
  ipv4: [DEFAULT_ADDRESSES.pod[4]],
  ipv6: [DEFAULT_ADDRESSES.pod[6]],
  dual: [DEFAULT_ADDRESSES.pod[4], DEFAULT_ADDRESSES.pod[6]],
} as const;

/** The servers that a scenario's pod asks unless it names others. */
const RESOLVERS: readonly string[] = ["10.96.0.10"];

/**
 * Reads a scenario and gives every finding at once: its mesh and options, its rules, its flows and landings. Each finding names `file` and
 * the field, and has the code of what was wrong there: `unknown-name`, `invalid-value`, `invalid-flow`, `rule-fault`, `wrong-family` and
 * others.
 *
 * @example
 * parseScenario({ name: "a", claim: "b", capture: ["-b", "8o"] }, "a.ts")
 * // { ok: false, findings: [{ code: "invalid-value", where: "a.ts: capture -b", line: null, column: 1,
 * //   message: 'Element 1, "8o", is not a port (1 to 65535), …' }] }
 */
export function parseScenario(scenario: Scenario | SalvagedScenario, file: string): Parsed<ParsedScenario> {
  const findings: Finding[] = [];
  const note = (field: string, found: readonly Finding[]) => {
    for (const each of found)
      findings.push({ ...each, where: `${file}: ${field}${each.where === "" ? "" : ` ${each.where}`}` });
  };
  const capture = readCapture(scenario, note);
  const shape = capture?.shape ?? usualShape(meshNamed(scenario.mesh));
  const rules = scenario.rules && readRules(scenario.rules, note);
  const installation = capture && makeInstallation(scenario, capture, rules, note);
  const flows = (["answer", "forward"] as const).flatMap((manner) =>
    Object.entries(scenario[manner] ?? {}).flatMap(([flow, landing]) =>
      readFlow(flow, landing, manner, { capture, shape }, note),
    ),
  );
  const underTest = rules ?? installation?.rules;
  if (underTest) note("rules", findUntested(flows, underTest));
  if (findings.length > 0 || !capture || !installation) return { ok: false, findings };
  const { name, claim, listen = [] } = scenario;
  const rulesOf = installation.kind === "capture" ? "capture" : "author";
  const requiredBy = { kind: "scenario", text: describePod(scenario, capture) } as const;
  const given = rules === undefined ? {} : { given: rules.given };
  return { ok: true, value: { name, claim, requiredBy, capture, installation, rulesOf, listen, flows, ...given } };
}

/** Says with which options the rules of a scenario are made, or its pod is: `--mesh istio-1.4 -u 1337 -b '*'`. */
function describePod({ capture: words, meshConfig }: Scenario | SalvagedScenario, { mesh }: Capture): string {
  const file = meshConfig === undefined ? [] : ["--mesh-config …"];
  return ["--mesh", mesh, ...(words ?? []).map(quoteForShell), ...file].join(" ");
}

type Note = (field: string, found: readonly Finding[]) => void;

/** Null where there are findings. A flag and its value in one word are a fault in a file, and read as two for those of the value. */
function readCapture(scenario: Scenario | SalvagedScenario, note: Note): Capture | null {
  const { mesh: name, meshConfig, capture, environment = {}, pod = "ipv4", resolvers = RESOLVERS } = scenario;
  const mesh = meshNamed(name);
  if (!mesh)
    note("mesh", [
      codedFinding(
        "unknown-name",
        "",
        `There is no mesh "${name}"; the meshes are ${MESHES.map((one) => one.name).join(", ")}.`,
      ),
    ]);
  if (!mesh || capture === null) return null;
  const joined = capture.filter((word) => JOINED_WORDS.test(word));
  note("capture", joined.map(refuseJoined));
  const words = capture.flatMap((word) => splitJoined(word));
  const facts = { addresses: POD_ADDRESSES[pod], own: DEFAULT_ADDRESSES.pod, resolvers };
  const config = meshConfig === undefined ? null : { path: "meshConfig", text: meshConfig };
  const places = { environment, files: [], config, names: NO_LOOKUPS, pod: facts };
  const read = mesh.bind({ tokens: cutOptionWords(words, mesh.options), ...places }, DEFAULT_ADDRESSES);
  if (!read.ok) note("capture", read.findings);
  return read.ok ? read.value.capture : null;
}

/** A flag and a value with a blank between them: `-u 1337`. */
const JOINED_WORDS = /^(-[a-zA-Z]|--[\w-]+)\s+(.*)$/s;

function splitJoined(word: string): readonly string[] {
  return JOINED_WORDS.exec(word)?.slice(1) ?? [word];
}

function refuseJoined(word: string): Finding {
  const apart = splitJoined(word).map((part) => JSON.stringify(part));
  return codedFinding(
    "conflict",
    "",
    `"${word}" contains a flag and its value; write two elements: ${apart.join(", ")}.`,
  );
}

/** The rules that a scenario has written out, and their texts. */
interface OwnRules extends Pick<PodRules, FamilyKey> {
  readonly given: readonly GivenRules[];
}

function makeInstallation(
  scenario: Scenario | SalvagedScenario,
  capture: Capture,
  rules: OwnRules | undefined,
  note: Note,
): Exclude<Installation, { readonly kind: "script" }> {
  const generated = capture.generated ?? NO_RULES;
  if (rules) return { kind: "rules", rules: { ip: rules.ip, ip6: rules.ip6, policyRouting: generated.policyRouting } };
  if (scenario.without) {
    const rules = removeRules(generated, scenario.without);
    if (!rules.ok) for (const fault of rules.findings) note(`without${fault.where}`, [{ ...fault, where: "" }]);
    return { kind: "rules", rules: rules.ok ? rules.value : generated };
  }
  // A file of settings or of other resolvers is not in the pod: there the rules go in as they are.
  if (scenario.meshConfig !== undefined || scenario.resolvers !== undefined) return { kind: "rules", rules: generated };
  const flags = [...(scenario.mesh === undefined ? [] : ["--mesh", scenario.mesh]), ...(scenario.capture ?? [])];
  return { kind: "capture", flags, environment: scenario.environment ?? {}, rules: generated };
}

function findUntested(flows: readonly WrittenFlow[], rules: Pick<PodRules, FamilyKey>): readonly Finding[] {
  const tested = listFamilies(rules);
  const families = new Set(flows.map(({ flow }) => flow.family).filter((family) => !tested.includes(family)));
  return [...families].map((family) => {
    const field = familyKey(family);
    return codedFinding(
      "missing-value",
      "",
      `There are IPv${family} flows, but ${field} is missing; write ${field}: "" to test that family without rules.`,
    );
  });
}

function readRules(rules: NonNullable<Scenario["rules"]>, note: Note): OwnRules {
  const given: GivenRules[] = [];
  const read = (family: Family) => readFamily(rules[familyKey(family)], family, note, given);
  return { ip: read(4), ip6: read(6), given };
}

function readFamily(text: string | undefined, family: Family, note: Note, given: GivenRules[]): Ruleset | null {
  if (text === undefined) return null;
  const field = `rules.${familyKey(family)}`;
  const parsed = readRulesText(text, { where: "", family, noise: "strict" });
  if (!parsed.ok) note(field, parsed.findings);
  if (!parsed.ok) return { family, tables: [] };
  if (parsed.value.given) given.push({ ...parsed.value.given, where: `the scenario's ${field}` });
  const own = parsed.value[familyKey(family)];
  const other = parsed.value[familyKey(family === 4 ? 6 : 4)];
  if (other !== null)
    note(field, [
      codedFinding("wrong-family", "", `This contains IPv${other.family} rules; put them into the other field.`),
    ]);
  return own ?? { family, tables: [] };
}

function readFlow(
  flowText: string,
  landingText: string,
  manner: Manner,
  { capture, shape }: { readonly capture: Capture | null; readonly shape: PodShape },
  note: Note,
): readonly WrittenFlow[] {
  const flow = parseFlowText(flowText, shape, "");
  const landing = parseLandingText(landingText, shape, `"${flowText}"`);
  if (!flow.ok) note(manner, flow.findings);
  if (!landing.ok) note(manner, landing.findings);
  if (!flow.ok || !landing.ok) return [];
  const ports = capture === null ? [] : findPortFaults(flowText, landing.value, capture);
  const faults = [...findFlowFaults(flow.value, manner, capture), ...ports];
  note(manner, faults);
  return faults.length > 0 ? [] : [{ flow: flow.value, manner, landing: landing.value }];
}
