import junit, { type Builder, type TestSuite } from "junit-report-builder";
import {
  type BackendName,
  type FlowReport,
  judgePrediction,
  type Report,
  type ScenarioReport,
} from "../model/report.ts";
import { escapeData } from "../model/visible-text.ts";
import { describeCause, describeEnds } from "./causes-phrase.ts";
import {
  describeClasses,
  describeClassFailure,
  describeUnseenFamily,
  listDoubtful,
  listLeft,
  tellAsked,
} from "./classes-phrase.ts";
import { alignEvidence, describeOmission, listEvidence, MISPREDICTED, nameObserved } from "./evidence.ts";
import { describeGot, describeLanding } from "./landing-phrase.ts";
import { describeRequired } from "./required-by-phrase.ts";

// junit-report-builder 5.1.2 declares an ECMAScript default export; what Node gets is the CommonJS one, the builder itself.
const factory = junit as unknown as Builder;

/**
 * What ends a section of character data is divided among two. xmlbuilder 15.1.1, beneath junit-report-builder, divides only the first in a
 * text, so that all of them are kept from it by a character that no escaped text holds.
 */
const CDATA_END = "]]>";
const HELD_APART = "]]\u200b>";

/**
 * Gives the report as JUnit XML: a scenario is a test suite, a flow a test case. A wrong landing is a `failure`, as is what the rules leave
 * out, a case of its own; a flow that could not be observed or that was predicted wrongly is an `error`. Only what is wrong beside the
 * flows has a case of its own, and so has, as one that was skipped, that some flows alone were asked for. Times are in seconds, as JUnit
 * has them, to the millisecond. What XML 1.0 forbids, and other characters that nobody sees, are written out (`\u001b`).
 *
 * @example
 * renderJunit(report)
 * // … <testsuite name="mysql" time="0.001" tests="1" failures="0" errors="0" skipped="0"> …
 * //     <testcase classname="mysql" name="app -> upstream:3306" time="0.001"/>
 */
export function renderJunit(report: Report): string {
  const builder = factory.newBuilder();
  for (const scenario of escapeData(report.scenarios))
    addScenario(builder.testSuite().name(scenario.name), scenario, report);
  return builder.build().replaceAll(HELD_APART, "]]]]><![CDATA[>");
}

function addScenario(suite: TestSuite, scenario: ScenarioReport, report: Report): void {
  const { backend } = report.sandbox;
  suite.property("claim", scenario.claim).property("backend", backend);
  const required = describeRequired(scenario);
  if (required !== null) suite.property(required.label, required.text);
  suite.time(toSeconds(scenario.flows.reduce((sum, flow) => sum + flow.durationMs, 0)));
  for (const flow of scenario.flows) {
    const test = suite.testCase().className(scenario.name).name(nameFlow(flow));
    test.time(toSeconds(flow.durationMs));
    if (flow.verdict === "wrong")
      test
        .failure(`expected ${describeLanding(flow.expected)}, ${nameObserved(backend)} ${describeGot(flow)}`)
        .stacktrace(evidence(flow, backend, scenario));
    if (flow.verdict === "pass" && judgePrediction(flow) === "disagrees")
      test.error(MISPREDICTED, "mispredicted", evidence(flow, backend, scenario));
    if (flow.verdict === "could-not-look")
      test.error(describeLanding(flow.observed), "could-not-look", evidence(flow, backend, scenario));
  }
  addClasses(suite, scenario, backend);
  addAsked(suite, scenario);
  for (const omission of scenario.omissions) {
    const test = suite.testCase().className(scenario.name).name(`nothing is omitted: ${omission.witness}`);
    test
      .failure("the rules omit required configuration")
      .stacktrace(escapeEnd(alignEvidence(describeOmission(omission)).join("\n")));
  }
}

/** What is left is an error, as what could not be observed is; where nothing is, the test cases are the flows alone. */
function addClasses(suite: TestSuite, { name, classes, notLookedAt }: ScenarioReport, backend: BackendName): void {
  for (const family of notLookedAt ?? [])
    suite.testCase().className(name).name(`IPv${family}`).error(describeUnseenFamily(family), "not-looked-at");
  if (!classes) return;
  const said = classes.failure === null ? describeClasses(classes, backend) : describeClassFailure(classes.failure);
  suite.property("classes", said);
  if (classes.left === 0 && classes.failure === null) return;
  const test = suite.testCase().className(name).name("every class of flows is driven");
  test.error(said, "classes-left", escapeEnd(listLeft(classes).join("\n")));
}

/** Flows that were not asked for are a case that was skipped; what is not certain of the others is an error. */
function addAsked(suite: TestSuite, { name, asked }: ScenarioReport): void {
  if (!asked) return;
  const [said = ""] = tellAsked(asked);
  suite.property("asked", said);
  suite.testCase().className(name).name(said).skipped();
  const doubtful = listDoubtful(asked);
  if (doubtful.length === 0) return;
  const test = suite.testCase().className(name).name("every asked flow is certain");
  test.error(said, "not-certain", escapeEnd(doubtful.join("\n")));
}

function toSeconds(durationMs: number): number {
  return Math.round(durationMs) / 1000;
}

/** One flow may be driven in both manners; the manner keeps the names apart. */
function nameFlow(flow: FlowReport): string {
  return flow.manner === "answer" ? flow.flow : `${flow.flow} (forward)`;
}

function evidence(flow: FlowReport, backend: BackendName, { causes = [] }: ScenarioReport): string {
  const cause = causes.find(({ flows }) => flows.some((one) => one.flow === flow.flow && one.manner === flow.manner));
  const rows =
    cause === undefined ? listEvidence(flow, backend) : [...describeEnds(flow, backend), ...describeCause(cause)];
  return escapeEnd(alignEvidence(rows).join("\n"));
}

function escapeEnd(text: string): string {
  return text.replaceAll(CDATA_END, HELD_APART);
}
