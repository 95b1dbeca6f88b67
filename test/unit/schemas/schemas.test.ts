import { describe, expect, test } from "vitest";
import { ERROR_EXIT_CODES } from "../../../harness/errors.ts";
import { LANDING_KINDS } from "../../../harness/model/landing.ts";
import { renderJson } from "../../../harness/report/json.ts";
import { sampleReport } from "../report/sample-report.ts";
import { complainBySchema, findSchema, SCHEMA_NAMES } from "./schema.ts";

/** Gives what the report's schema has against a report that one change has been made to. */
function complain(change: (report: ReturnType<typeof JSON.parse>) => void): readonly string[] {
  const report = JSON.parse(renderJson(sampleReport()));
  change(report);
  return complainBySchema("report", report);
}

describe("the report's schema", () => {
  test("accepts a report with every verdict and every landing kind", () => {
    for (const kind of LANDING_KINDS.filter((each) => each !== "listener"))
      expect(
        complain(
          (report) => (report.scenarios[0].flows[0].observed = { ...report.scenarios[1].flows[0].observed, kind }),
        ),
      ).toEqual([]);
  });

  const rows: readonly (readonly [string, (report: ReturnType<typeof JSON.parse>) => void, string])[] = [
    ["another format", (r) => (r.formatVersion = "2.0"), "/formatVersion const"],
    ["an unknown verdict", (r) => (r.scenarios[0].flows[0].verdict = "ok"), "/scenarios/0/flows/0/verdict enum"],
    ["a flow without a landing", (r) => delete r.scenarios[0].flows[0].observed, "/scenarios/0/flows/0 required"],
    ["a flow in other words", (r) => (r.scenarios[0].flows[0].flow = "a->b"), "/scenarios/0/flows/0/flow pattern"],
    [
      "a listener landing without its port",
      (r) => (r.scenarios[0].flows[0].observed.port = null),
      "/scenarios/0/flows/0/observed if",
    ],
    [
      "an original destination without port",
      (r) => (r.scenarios[0].flows[0].observed.originalDestination = "10.0.0.1"),
      "/scenarios/0/flows/0/observed/originalDestination anyOf",
    ],
    [
      "a rule counted from 0",
      (r) => (r.scenarios[0].flows[0].rules[0].index = 0),
      "/scenarios/0/flows/0/rules/0/index minimum",
    ],
    ["a summary without a count", (r) => delete r.summary.wrong, "/summary required"],
  ];
  test.each(rows)("refuses %s", (_, change, complaint) => {
    expect(complain(change)).toContain(complaint);
  });

  test("accepts unknown fields, since format 1 may gain some", () => {
    expect(complain((report) => (report.scenarios[0].flows[0].later = 1))).toEqual([]);
  });
});

describe("every schema", () => {
  test.each(SCHEMA_NAMES)("%s compiles, and has a title and a description", (name) => {
    expect(findSchema(name).schema).toMatchObject({ $id: `${name}.json`, title: expect.stringMatching(/\w/) });
  });

  test("of an error lists exactly the existing codes", () => {
    const { schema: text } = findSchema("error");
    expect(JSON.stringify(text)).toContain(JSON.stringify({ enum: Object.keys(ERROR_EXIT_CODES) }).slice(1, -1));
  });
});
