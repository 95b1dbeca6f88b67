import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { renderJunit } from "../../../harness/report/junit.ts";
import { mapTexts } from "../../map-texts.ts";
import { sampleOmissionReport, sampleReport } from "./sample-report.ts";

const xml = renderJunit(sampleReport());
const rows: readonly (readonly [string, string])[] = [
  [
    "counts wrong landings as failures, and what could not be observed or was predicted wrongly as errors",
    '<testsuites tests="6" failures="1" errors="2" skipped="0">',
  ],
  [
    "makes a test suite of a scenario",
    '<testsuite name="no-pass-through-rule" time="0" tests="1" failures="0" errors="0"',
  ],
  [
    "escapes what XML would misread",
    'value="Inbound traffic lands on 15006 &amp; outbound on 15001, each with the &lt;address> dialled."',
  ],
  ["keeps a flow's two manners apart", '<testcase classname="seed" name="client -> pod:8080 (forward)" time="0"/>'],
  [
    "says where a wrong flow landed",
    '<failure message="expected upstream:80, got envoy-outbound:15001, dialled 10.244.0.4:80, from 10.244.0.2">',
  ],
  ["names the rule that counted a wrong flow", "rule      nat ISTIO_OUTPUT 5: -A ISTIO_OUTPUT -j ISTIO_REDIRECT\n"],
  [
    "says why a flow could not be observed",
    `<error message="could-not-look: the agent's stream ended" type="could-not-look">`,
  ],
];

describe("the JUnit report", () => {
  test.each(rows)("%s", (_, part) => {
    expect(xml).toContain(part);
  });

  test("has a test case for each omission", () => {
    const told = renderJunit(sampleOmissionReport());
    expect(told).toContain('<testsuites tests="2" failures="1" errors="0" skipped="0">');
    expect(told).toContain('name="nothing is omitted: vm -> upstream:80"');
    expect(told).toContain("missing   ip rule add fwmark 0x539 lookup 133");
  });

  test("counts as many tests as there are flows where all classes are driven, and one more where one is not", () => {
    const report = sampleReport();
    const counted = (left: number) => {
      const remaining = left === 0 ? [] : [{ flow: "client -> pod:21", why: "it was not driven" }];
      const classes = { total: 3, driven: 3 - left, unspecified: 0, left, remaining, failure: null };
      const told = renderJunit({ ...report, scenarios: report.scenarios.map((each) => ({ ...each, classes })) });
      expect(told).toContain('<property name="classes" value="3 classes of TCP flows');
      return /<testsuites tests="(\d+)"/.exec(told)?.[1];
    };
    expect([counted(0), counted(1)]).toEqual([
      `${report.summary.flows}`,
      `${report.summary.flows + report.scenarios.length}`,
    ]);
  });

  test("gives times to the millisecond", () => {
    const report = sampleReport();
    const slow = report.scenarios.map((scenario) => ({
      ...scenario,
      flows: scenario.flows.map((flow) => ({ ...flow, durationMs: 4617.241469999999 })),
    }));
    const told = renderJunit({ ...report, scenarios: slow });
    expect(told).toContain('name="no-pass-through-rule" time="4.617"');
    expect(told.match(/time="[^"]*\.\d{4,}"/g)).toBeNull();
  });

  const isFree = (text: string) => /^-A |[ .]$/.test(text) || text.includes(" add ");
  const HOSTILE = ']]> and ]]>\u0000\u001b[31m\u009b\ufffe\ud800\u202e<b>&"';
  test.each([
    ["a run", sampleReport()],
    ["a run with an omission", sampleOmissionReport()],
  ])("of %s is well-formed whatever its texts contain, and keeps them", (_, report) => {
    const hostile = mapTexts(report, (text) => (isFree(text) ? `${text}${HOSTILE}` : text)) as typeof report;
    const { faults, text } = parseXml(renderJunit(hostile));
    expect(faults).toEqual([]);
    expect(text).toContain(']]> and ]]>\\u0000\\u001b[31m\\u009b\\ufffe\\ud800\\u202e<b>&"');
  });

  test("of one run contains nothing of another", () => {
    expect(renderJunit(sampleReport())).toBe(xml);
  });
});

/** Reads XML as a strict parser does: what is not well-formed in it, and its character data. */
function parseXml(xml: string): { readonly faults: readonly string[]; readonly text: string } {
  const [faults, texts]: [string[], string[]] = [[], []];
  const parser = new SaxesParser();
  parser.on("error", (error) => void faults.push(error.message));
  parser.on("cdata", (text) => void texts.push(text));
  parser.on("text", (text) => void texts.push(text));
  parser.write(xml).close();
  return { faults, text: texts.join("") };
}
