import { canonicalAddress } from "../../model/address.ts";
import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import { parseFlowText } from "../../model/flow-text.ts";
import { isRecord } from "../../model/records.ts";
import type { Scenario } from "../../model/scenario.ts";
import { meshNamed, usualShape } from "./named-shape.ts";
import { checkField, findUnknownFields, isListOf, isText, isTexts, type Shape } from "./shape.ts";

const isAddress = (value: unknown) => typeof value === "string" && canonicalAddress(value) === value;
const isPort = (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535;
const isRules = (value: unknown) =>
  isTexts(value) && Object.keys(value as object).every((family) => family === "ip" || family === "ip6");

/** What each field of a rule to be left out must be. */
const WITHOUT_SHAPES: Readonly<Record<string, Shape>> = {
  family: { is: "4 or 6", holds: (value) => value === 4 || value === 6, presence: "required" },
  table: { is: 'the name of a table: "nat"', holds: isText, presence: "required" },
  rule: { is: 'a rule as iptables -S prints it: "-A …"', holds: isText, presence: "required" },
};

const SHAPES: Readonly<Record<keyof Scenario, Shape>> = {
  name: { is: "the file's name without its ending, as text", holds: isText, presence: "required" },
  claim: { is: "one sentence that could be false, as text", holds: isText, presence: "required" },
  mesh: { is: 'the name of a mesh: "linkerd"', holds: isText, presence: "optional" },
  meshConfig: {
    is: "a settings file in the format of the mesh's own tool, as text",
    holds: isText,
    presence: "optional",
  },
  capture: {
    is: 'the mesh\'s options, one word per element: ["-u", "1337"]',
    holds: (value) => isListOf(value, (word) => typeof word === "string"),
    presence: "required",
  },
  environment: { is: "environment variables by name, each value a text", holds: isTexts, presence: "optional" },
  pod: {
    is: '"ipv4", "ipv6" or "dual"',
    holds: (v) => ["ipv4", "ipv6", "dual"].includes(String(v)),
    presence: "optional",
  },
  resolvers: {
    is: 'a list of addresses, without blanks or leading zeros: ["10.96.0.10"]',
    holds: (value) => isListOf(value, isAddress),
    presence: "optional",
  },
  without: {
    is: 'a list of { family: 4 or 6, table: "nat", rule: "-A …" }',
    holds: Array.isArray,
    presence: "optional",
  },
  rules: { is: "{ ip?, ip6? }, each a text as iptables-save prints it", holds: isRules, presence: "optional" },
  listen: { is: "a list of ports, 1 to 65535", holds: (value) => isListOf(value, isPort), presence: "optional" },
  answer: {
    is: 'flows with their landings: { "client -> pod:80": "envoy-inbound" }',
    holds: isRecord,
    presence: "optional",
  },
  forward: { is: 'flows with their landings: { "client -> pod:80": "app" }', holds: isRecord, presence: "optional" },
};

const UNDER_ANSWER =
  'flows stand with their landings under answer, or under forward: answer: { "client -> pod:80": "envoy-inbound" }.';
/** Fields that people expect, and where what they mean stands. */
const HINTS: Readonly<Record<string, string>> = {
  flow: UNDER_ANSWER,
  flows: UNDER_ANSWER,
  expect: UNDER_ANSWER,
  expected: UNDER_ANSWER,
  flags: 'the mesh\'s options stand under capture: ["-u", "1337"].',
  options: 'the mesh\'s options stand under capture: ["-u", "1337"].',
};

/** The fields whose entries are flows with their landings; each entry is judged for itself. */
const MANNERS = ["answer", "forward"] as const;

/**
 * Gives a value as a scenario, or every finding: fields that are missing, unknown or of the wrong shape, and contradictions between them.
 * `where` is the file, as findings name it. What the texts in it say is not read here.
 */
export function readScenarioShape(value: unknown, where: string): Parsed<Scenario> {
  if (!isRecord(value)) {
    const message = "This is not a scenario; write: export default defineScenario({ name, claim, capture, answer }).";
    return { ok: false, findings: [codedFinding("wrong-shape", where, message)] };
  }
  const known = Object.entries(SHAPES).flatMap(([field, shape]) => checkField(value, field, shape, `${where}: `));
  const unknown = findUnknownFields(value, Object.keys(SHAPES), `${where}: `, HINTS);
  const parts = [...checkWithout(value["without"], where), ...checkLandings(value, where), ...checkWhole(value, where)];
  const findings = [...known, ...unknown, ...parts];
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: value as unknown as Scenario };
}

/** What can be read of a scenario, whatever else is wrong with it; `capture` is null where it is no list of words. */
export type SalvagedScenario = Omit<Scenario, "capture"> & { readonly capture: readonly string[] | null };

/**
 * Gives of a value that may be no scenario what its fields of the right shape say, so that the faults of these can be told beside the
 * others. Numbers among the words and variables are read as texts, landings that are no texts are left out with their flows; in place of a
 * pod of the wrong shape stands one that every flow fits.
 * Null if there are no fields.
 */
export function salvageScenario(value: unknown): SalvagedScenario | null {
  if (!isRecord(value)) return null;
  const fits = (field: string) => checkField(value, field, SHAPES[field as keyof Scenario], "").length === 0;
  const {
    capture: _,
    environment: __,
    pod,
    without,
    rules,
    answer,
    forward,
    ...others
  } = Object.fromEntries(
    Object.keys(SHAPES)
      .filter((field) => value[field] !== undefined && fits(field))
      .map((field) => [field, value[field]]),
  );
  const config = {
    capture: isListOf(value["capture"], isWordLike) ? (value["capture"] as unknown[]).map(String) : null,
    ...(isRecord(value["environment"]) ? { environment: keepTexts(value["environment"]) } : {}),
    ...(value["pod"] === undefined ? {} : { pod: pod ?? "ipv6" }),
  };
  const left = without && fits("pod") && checkWithout(without, "").length === 0 ? { without } : {};
  const flows = {
    ...(answer ? { answer: pickTexts(answer) } : {}),
    ...(forward ? { forward: pickTexts(forward) } : {}),
  };
  return { ...others, ...config, ...flows, ...left, ...(rules ? { rules } : {}) } as SalvagedScenario;
}

/** Gives the entries that are texts. */
function pickTexts(entries: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entries as object).filter(([, value]) => typeof value === "string"));
}

function isWordLike(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function keepTexts(variables: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const kept = Object.entries(variables).filter(([, value]) => isWordLike(value));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

function checkWithout(value: unknown, where: string): readonly Finding[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: unknown, i) => {
    const place = `${where}: without[${i}]`;
    if (!isRecord(each)) return [codedFinding("wrong-shape", place, "This must be { family, table, rule }.")];
    return Object.entries(WITHOUT_SHAPES).flatMap(([field, shape]) => checkField(each, field, shape, `${place}.`));
  });
}

/** A flow is read here where its landing is not a text: nobody else gets to see it. */
function checkLandings(scenario: Readonly<Record<string, unknown>>, where: string): readonly Finding[] {
  return MANNERS.flatMap((manner) => {
    const entries = isRecord(scenario[manner]) ? Object.entries(scenario[manner]) : [];
    return entries.flatMap(([flowText, landing]) => {
      if (typeof landing === "string") return [];
      const place = `${where}: ${manner}`;
      const flow = parseFlowText(flowText, usualShape(meshNamed(scenario["mesh"])), place);
      const message = 'The landing must be a text: "envoy-inbound".';
      return [...(flow.ok ? [] : flow.findings), finding(`${place} "${flowText}"`, message)];
    });
  });
}

function checkWhole(scenario: Readonly<Record<string, unknown>>, where: string): readonly Finding[] {
  const flows = MANNERS.flatMap((manner) => Object.keys(scenario[manner] ?? {})).length;
  const isGiven = (field: string) => scenario[field] !== undefined;
  return [
    ...(flows === 0 && MANNERS.every((manner) => !isGiven(manner) || isRecord(scenario[manner]))
      ? [codedFinding("missing-value", where, "There are no flows; add at least one under answer or forward.")]
      : []),
    ...(isGiven("rules") && isGiven("without")
      ? [
          codedFinding(
            "conflict",
            `${where}: without`,
            "without removes generated rules only; delete the rules from the text under rules instead.",
          ),
        ]
      : []),
  ];
}
