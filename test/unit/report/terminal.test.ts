import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { makeLanding } from "../../../harness/model/landing.ts";
import type { FlowReport, ScenarioReport } from "../../../harness/model/report.ts";
import { summarize } from "../../../harness/model/report-summary.ts";
import { renderHtml } from "../../../harness/report/html.ts";
import { renderJunit } from "../../../harness/report/junit.ts";
import { renderTerminal } from "../../../harness/report/terminal.ts";
import { sampleFlow, sampleOmissionReport, sampleReport } from "./sample-report.ts";

const AT_200 = `\
seed: Inbound traffic lands on 15006 & outbound on 15001, each with the <address> dialled.
  ! IPv4: the table mangle is empty.
  ✓ client -> pod:8080                envoy-inbound:15006   dialled 10.244.0.2:8080
  ✗ envoy -> upstream:80              envoy-outbound:15001  dialled 10.244.0.4:80
      expected  upstream:80
      predicted upstream:80
      got       envoy-outbound:15001, dialled 10.244.0.4:80, from 10.244.0.2
      rule      nat ISTIO_OUTPUT 5: -A ISTIO_OUTPUT -j ISTIO_REDIRECT
      defect    the kernel did something other than predicted: this is a defect of landfall, or of its observation; please report it
  ? uid=1337,gid=1000 -> upstream:80  could-not-look
      expected  upstream:80
      got       could-not-look: the agent's stream ended
  ✓ app -> upstream:80                envoy-outbound:15001  dialled 10.244.0.4:80
      expected  envoy-outbound:15001, dialled 10.244.0.4:80
      predicted upstream:80
      got       envoy-outbound:15001, dialled 10.244.0.4:80, from 10.244.0.2
      rule      unknown: the flow could not be driven alone, and there is no prediction
      defect    the kernel did something other than predicted: this is a defect of landfall, or of its observation; please report it
  where the proxy forwards:
  ✓ client -> pod:8080                app:8080 via envoy-inbound from 127.0.0.6
  flows hit 1 of 4 rules
      not taken   nat ISTIO_OUTPUT 3: -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN; envoy -> pod:80 would hit it
      unreachable nat ISTIO_OUTPUT 4: -A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
      not taken   nat ISTIO_OUTPUT 7: -A ISTIO_OUTPUT -m wonder -j RETURN; it is unknown whether any flow would hit it

no-pass-through-rule: Without the 127.0.0.6 rule what comes in loops.
  where the proxy forwards:
  ✓ client -> pod:8080  loop

flows hit 1 of 3 rules that some TCP or UDP flow can reach, 33.3 %; no TCP or UDP flow can reach the other 1
6 flows: 4 as expected, 1 not as expected, 1 could not be observed, 2 predicted wrongly, in 0.91 s (docker, iptables 1.8.9 (nf_tables), Linux 6.18.0)
The words of this report: docs/reading-a-failure.md
`;

describe("the report in a terminal", () => {
  test("shows each flow's landing, and of each that did not pass what was expected, seen and counted", () => {
    expect(renderTerminal(sampleReport(), { columns: 200, color: "plain" })).toBe(AT_200);
  });

  test("keeps landings beneath each other beside a flow that is too long for that", () => {
    const long = "uid=1337,gid=1337@127.0.0.6 -> upstream:8080";
    const flows = ["client -> pod:8080", "app -> pod:22", long].map((text) =>
      sampleFlow(text, { expected: makeLanding("refused"), observed: makeLanding("refused") }),
    );
    const [scenario] = sampleReport().scenarios;
    const scenarios = scenario ? [{ ...scenario, flows, notices: [], coverage: null }] : [];
    const lines = (columns: number) =>
      renderTerminal({ ...sampleReport(), scenarios }, { columns, color: "plain" })
        .split("\n")
        .slice(1, 5);
    expect(lines(50).slice(0, 4)).toEqual([
      "  ✓ client -> pod:8080  refused",
      "  ✓ app -> pod:22       refused",
      `  ✓ ${long}`,
      "      refused",
    ]);
    expect(lines(80)[1]).toBe(`  ✓ ${"app -> pod:22".padEnd(long.length)}  refused`);
  });

  test("does not speak of seeing and counting in a simulated sandbox, nor do other reports", () => {
    const sample = sampleReport();
    const scenarios = sample.scenarios.map((scenario) => ({
      ...scenario,
      flows: scenario.flows.map((flow) => (flow.rulesBy === "counters" ? { ...flow, rules: [] } : flow)),
    }));
    const driven = { ...sample, scenarios };
    const simulated = { ...driven, sandbox: { ...driven.sandbox, backend: "simulated" } } as const;
    const render = (report: typeof driven) =>
      [renderTerminal(report, { columns: 200, color: "plain" }), renderJunit(report), renderHtml(report)] as const;
    // HTML has an escaped apostrophe: `no rule&#39;s counter changed`.
    for (const words of [/^ *got |<dt>got|, got /m, /s counter changed/]) {
      expect(render(driven).map((text) => words.test(text))).toEqual([true, true, true]);
      expect(render(simulated).map((text) => words.test(text))).toEqual([false, false, false]);
    }
    expect(render(simulated)[0]).toContain(`\
  ? uid=1337,gid=1000 -> upstream:80  could-not-look
      expected  upstream:80
      predicted could-not-look: the agent's stream ended
`);
  });

  test("shows omissions before the flows, and counts them", () => {
    const told = renderTerminal(sampleOmissionReport(), { columns: 200, color: "plain" });
    expect(told).toContain(`\
  ✗ the rules omit required configuration, and no flow can reveal it
      missing   ip rule add fwmark 0x539 lookup 133
      witness   vm -> upstream:80, which passes through the pod; simulated
      expected  envoy-outbound:15001, dialled 10.244.0.4:80, from 10.245.0.2
      predicted timed-out
      why       It carries what passes through.
  where the proxy forwards:
`);
    expect(told).toContain("1 flow: 1 as expected, 1 omitted by the rules, in");
  });

  test("has the same text with and without colour", () => {
    const colored = renderTerminal(sampleReport(), { columns: 200, color: "color" });
    expect(colored).not.toBe(AT_200);
    expect(stripVTControlCharacters(colored)).toBe(AT_200);
  });

  test("keeps every row of a flow within 80 columns", () => {
    const rows = renderTerminal(sampleReport(), { columns: 80, color: "plain" })
      .split("\n")
      .filter((line) => / -> /.test(line) && !/ not taken /.test(line));
    expect(rows.length).toBe(6);
    expect(rows.filter((row) => row.length > 80)).toEqual([]);
  });

  test("puts a landing that does not fit next to its flow on its own line", () => {
    const landing = makeLanding("listener", { host: "upstream", listener: "upstream", port: 443 });
    const flow = sampleFlow("envoy -> [2001:db8:1111:2222:3333:4444:5555:6666]:443", {
      expected: landing,
      observed: landing,
    });
    const [scenario] = sampleReport().scenarios;
    if (!scenario) throw new Error("the sample has no scenario");
    const scenarios = [{ ...scenario, flows: [flow], coverage: null, notices: [] }];
    const report = { ...sampleReport(), scenarios, summary: summarize(scenarios, 1) };
    expect(renderTerminal(report, { columns: 60, color: "plain" }).split("\n").slice(1, 3)).toEqual([
      "  ✓ envoy -> [2001:db8:1111:2222:3333:4444:5555:6666]:443",
      "      upstream:443",
    ]);
  });

  test("explains a cause once, and refers to the flow under which it did", () => {
    const expected = makeLanding("listener", { host: "upstream", listener: "upstream", port: 80 });
    const [first, second] = ["envoy -> upstream:80", "envoy -> upstream:81"].map((text) =>
      sampleFlow(text, { expected, observed: makeLanding("refused"), verdict: "wrong" }),
    );
    const [scenario] = sampleReport().scenarios;
    if (!scenario || !first || !second) throw new Error("the sample has no scenario");
    const scenarios = [{ ...scenario, flows: [first, second], coverage: null, notices: [] }];
    const report = { ...sampleReport(), scenarios, summary: summarize(scenarios, 1) };
    const lines = renderTerminal(report, { columns: 80, color: "plain" }).split("\n");
    expect(lines.filter((line) => line.startsWith("      rule"))).toHaveLength(1);
    expect(lines.slice(lines.findIndex((line) => line.includes(":81"))).slice(0, 3)).toEqual([
      "  ✗ envoy -> upstream:81  refused",
      "      expected  upstream:80",
      "      cause     same as envoy -> upstream:80",
    ]);
  });

  test("counts what passed in a line where a scenario failed and has many flows, and rows are to be folded", () => {
    const [passed] = sampleReport().scenarios[0]?.flows ?? [];
    const [scenario] = sampleReport().scenarios;
    if (!scenario || !passed) throw new Error("the sample has no scenario");
    const render = (
      count: number,
      rows: "all" | "folded",
      more: readonly FlowReport[],
      asked?: ScenarioReport["asked"],
    ) => {
      const flows = [...Array.from({ length: count }, () => passed), ...more];
      const scenarios = [{ ...scenario, flows, coverage: null, notices: [], ...(asked ? { asked } : {}) }];
      const look = { columns: 80, color: "plain", rows } as const;
      return renderTerminal({ ...sampleReport(), scenarios, summary: summarize(scenarios, 1) }, look);
    };
    const blind = scenario.flows.filter(({ verdict }) => verdict === "could-not-look");
    expect(blind).toHaveLength(1);
    const rowsOf = (text: string) => text.match(/^ {2}[✓?] \S+ -> /gm)?.length;
    const folded = render(20, "folded", blind);
    expect(folded).toContain(
      "\n  ✓ 20 flows as expected (--every-flow lists each)\n  ? uid=1337,gid=1000 -> upstream:80",
    );
    expect(rowsOf(folded)).toBe(1);
    expect(render(20, "all", blind)).toContain(folded.slice(folded.indexOf("  ? ")));
    const asked = { patterns: ["*"], flows: 21, of: 21, remaining: [], failure: null };
    expect(
      [render(20, "all", blind), render(19, "folded", blind), render(20, "folded", blind, asked)].map(rowsOf),
    ).toEqual([21, 20, 21]);
    expect(rowsOf(render(21, "folded", []))).toBe(21);
  });
});
