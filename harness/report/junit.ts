import junit, { type Builder, type TestSuite } from "junit-report-builder";
import {
  type BackendName,
  type FlowReport,
  judgePrediction,
  type Report,
  type ScenarioReport,
} from "../model/report.ts";
import { describeClasses, describeFailure, describeUnseenFamily, listLeft } from "./classes-phrase.ts";
import { alignEvidence, describeOmission, listEvidence, MISPREDICTED } from "./evidence.ts";
import { describeLanding } from "./landing-phrase.ts";

// junit-report-builder 5.1.2 declares an ECMAScript default export; what Node gets is the CommonJS one, the builder itself.
const factory = junit as unknown as Builder;

/**
 * Gives the report as JUnit XML: a scenario is a test suite, a flow a test case. A wrong landing is a `failure`, as is what the rules leave
 * out, a case of its own; a flow that could not be looked at or that was predicted wrongly is an `error`. Times are in seconds, as JUnit
 * has them, to the millisecond.
 */
export function renderJunit(report: Report): string {
  const builder = factory.newBuilder();
  for (const scenario of report.scenarios) addScenario(builder.testSuite().name(scenario.name), scenario, report);
  return builder.build();
}

function addScenario(suite: TestSuite, scenario: ScenarioReport, report: Report): void {
  const { backend } = report.sandbox;
  suite.property("claim", scenario.claim).property("backend", backend);
  suite.time(toSeconds(scenario.flows.reduce((sum, flow) => sum + flow.durationMs, 0)));
  for (const flow of scenario.flows) {
    const test = suite.testCase().className(scenario.name).name(nameFlow(flow));
    test.time(toSeconds(flow.durationMs));
    if (flow.verdict === "wrong")
      test.failure(`landed on ${describeLanding(flow.observed)}`).stacktrace(evidence(flow, backend));
    if (flow.verdict === "pass" && judgePrediction(flow) === "disagrees")
      test.error(MISPREDICTED, "mispredicted", evidence(flow, backend));
    if (flow.verdict === "could-not-look")
      test.error(describeLanding(flow.observed), "could-not-look", evidence(flow, backend));
  }
  addClasses(suite, scenario, backend);
  for (const omission of scenario.omissions) {
    const test = suite.testCase().className(scenario.name).name(`nothing is left out: ${omission.witness}`);
    test
      .failure("the rules leave out what the capture config demands")
      .stacktrace(escapeEnd(alignEvidence(describeOmission(omission)).join("\n")));
  }
}

/** What is left is an error, as what could not be looked at is. */
function addClasses(suite: TestSuite, { name, classes, notLookedAt }: ScenarioReport, backend: BackendName): void {
  for (const family of notLookedAt ?? [])
    suite.testCase().className(name).name(`IPv${family}`).error(describeUnseenFamily(family), "not-looked-at");
  if (!classes) return;
  const said = classes.failure === null ? describeClasses(classes, backend) : describeFailure(classes.failure);
  const test = suite.testCase().className(name).name("every class of flows");
  suite.property("classes", said);
  if (classes.left > 0 || classes.failure !== null) test.error(said, "classes-left", listLeft(classes).join("\n"));
}

function toSeconds(durationMs: number): number {
  return Math.round(durationMs) / 1000;
}

/** One flow may be driven in both manners; the manner keeps the names apart. */
function nameFlow(flow: FlowReport): string {
  return flow.manner === "answer" ? flow.flow : `${flow.flow} (forward)`;
}

function evidence(flow: FlowReport, backend: BackendName): string {
  return escapeEnd(alignEvidence(listEvidence(flow, backend)).join("\n"));
}

/** What ends a CDATA section; xmlbuilder 15.1.1, beneath junit-report-builder, escapes only the first of them. */
function escapeEnd(text: string): string {
  return text.replaceAll("]]>", "]]\\u003e");
}
