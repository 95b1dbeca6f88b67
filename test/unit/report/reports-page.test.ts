import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Report } from "../../../harness/model/report.ts";
import { renderHtml } from "../../../harness/report/html.ts";
import { readTable } from "../../docs/markdown.ts";
import { sampleReport } from "./sample-report.ts";

const DOCUMENT = "docs/reports.md";

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../schemas/${name}.json`, import.meta.url), "utf8"));
const { properties: report } = read("report");
const { properties: scenario } = report.scenarios.items;
const own = scenario.flows.items.allOf.flatMap((part: { readonly properties?: object }) =>
  Object.keys(part.properties ?? {}),
);
const flow = [...Object.keys(read("parts").$defs.flow.properties), ...own];

describe("docs/reports.md", () => {
  test.each<readonly [string, string, readonly string[]]>([
    ["the report", "what it holds", Object.keys(report)],
    ["a scenario", "what it holds", Object.keys(scenario)],
    ["a flow", "what it holds", flow],
    ["the summary", "what it counts", Object.keys(report.summary.properties)],
  ])("explains every key of %s that the schema has, and no other", (of, holds, keys) => {
    const rows = readTable(DOCUMENT, `key of ${of} | ${holds}`);
    const told = rows.flatMap(([names = ""]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(told.toSorted()).toEqual([...keys].toSorted());
  });

  test("tells of the parts of the page in their order", () => {
    const text = readFileSync(new URL("../../../docs/reports.md", import.meta.url), "utf8");
    const [, page = ""] = /## The HTML page\n(.*?)\n## /s.exec(text) ?? [];
    const told = [...page.matchAll(/^- \*\*(.*?)\*\*/gm)].map(([, name = ""]) => name);
    const whole = renderHtml(makeWholeReport());
    const found = told.map((name) => ({ name, at: whole.indexOf(MARKS[name] ?? "no mark") }));
    expect(found.filter(({ at }) => at < 0)).toEqual([]);
    expect(found.toSorted((a, b) => a.at - b.at)).toEqual(found);
    expect(told.toSorted()).toEqual(Object.keys(MARKS).toSorted());
  });
});

/** What a part of the page begins with. */
const MARKS: Readonly<Record<string, string>> = {
  "The verdict": '<p class="sum">',
  "How this report was made": '<details class="run">',
  Problems: '<section class="failures">',
  "What the words mean": '<details class="legend">',
  Filter: '<form id="filter"',
  "The evidence": '<details class="scenario" open>\n',
  "The picture": '<figure class="picture">',
  "The table": "<table aria-label=",
  "The classes": "<p>3 classes of TCP flows",
  "Rule coverage": "<p>Flows hit ",
};

/** A report that has every part. */
function makeWholeReport(): Report {
  const report = sampleReport();
  const classes = { total: 3, driven: 3, unspecified: 0, left: 0, remaining: [], failure: null };
  const evidence = { folder: "kept/seed", files: ["rules.txt"] };
  const landfall = { version: "0.1.0", date: "2026-11-29T08:00:00.000Z", command: "landfall verify", files: [] };
  return { ...report, landfall, scenarios: report.scenarios.map((each) => ({ ...each, classes, evidence })) };
}
