import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeLanding } from "../../../harness/model/landing.ts";
import { summarize } from "../../../harness/model/report-summary.ts";
import { renderHtml } from "../../../harness/report/html.ts";
import { html } from "../../../harness/report/html-text.ts";
import { REPORT_WORDS } from "../../../harness/report/report-words.ts";
import { sampleFlow, sampleMispredictedReport, sampleOmissionReport, sampleReport } from "./sample-report.ts";

/** What a report was made with that read one file. */
function sampleProvenance(path: string) {
  const [date, sha256] = ["2026-11-29T08:00:00.000Z", "0".repeat(64)];
  return { version: "0.1.0", date, command: `landfall verify --rules ${path}`, files: [{ path, sha256 }] };
}

const page = renderHtml(sampleReport());

describe("the HTML report", () => {
  test("needs nothing from outside the page and runs its own script alone", () => {
    expect(page).not.toMatch(/\bsrc=|\bhref=(?!"#flow-)|<link|@import|url\((?!#head-)/);
    const scripts = [...page.matchAll(/<script(.*?)>(.*?)<\/script>/gs)].map(([, words, text = ""]) => ({
      words,
      text,
    }));
    expect(scripts.map(({ words }) => words)).toEqual([' type="application/json" id="data"', ""]);
    const [policy = ""] = /(?<=Content-Security-Policy" content=").*?(?=")/.exec(page) ?? [];
    const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
    const style = /(?<=<style>).*?(?=<\/style>)/s.exec(page)?.[0] ?? "";
    expect(policy).toBe(
      `default-src 'none'; script-src '${hashOf(scripts[1]?.text ?? "")}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`,
    );
  });

  test("names the rule that decided where a flow landed, not the last that some packet met, or what did instead", () => {
    expect(page).toContain(
      "<td>10.244.0.2:8080</td><td>nat ISTIO_IN_REDIRECT 1 (rules.txt:16): -p tcp -j REDIRECT --to-ports 15006</td>",
    );
    const decided = [{ kind: "policy", policy: "filter INPUT" }, { kind: "nothing" }, undefined] as const;
    const cells = decided.map((decidedBy) => {
      const [scenario] = sampleReport().scenarios;
      const [flow] = scenario?.flows ?? [];
      if (!scenario || !flow) throw new Error("the sample has no flow");
      const { decidedBy: _, ...rest } = flow;
      const told = decidedBy === undefined ? rest : { ...rest, decidedBy };
      const whole = renderHtml({ ...sampleReport(), scenarios: [{ ...scenario, flows: [told] }] });
      return /<td>10\.244\.0\.2:8080<\/td><td>(.*?)<\/td>/.exec(whole)?.[1];
    });
    expect(cells).toEqual(["policy of filter INPUT", "none", ""]);
  });

  test("explains the words that it uses, with the uids and addresses of the run, and the page about failures explains all", () => {
    const [, legend = ""] = /<details class="legend">.*?<dl>(.*?)<\/dl>/s.exec(page) ?? [];
    const told = [...legend.matchAll(/<dt><code>(.*?)<\/code><\/dt><dd class="said">(.*?)<\/dd>/g)].map(
      ([, word, text]) => [word, text],
    );
    expect(told).toEqual(
      expect.arrayContaining([
        ["envoy", "a process in the pod with uid 1337 and gid 1337"],
        ["client", "another host, 10.244.0.3"],
        ["pod", "the pod&#39;s own address, 10.244.0.2"],
        ["via", expect.stringContaining("passed before it landed")],
      ]),
    );
    const refused = makeLanding("refused", { address: "10.244.0.2", port: 81 });
    const ends = [
      sampleFlow("client -> pod:81", { expected: refused, observed: makeLanding("unreachable") }),
      sampleFlow("client -> pod:82/udp", { expected: refused, observed: makeLanding("unanswered") }),
    ];
    const [first] = sampleReport().scenarios;
    if (first === undefined) throw new Error("the sample has no scenario");
    expect(
      renderHtml({ ...sampleReport(), scenarios: [{ ...first, flows: ends }] }).match(
        /(?<=<dt><code>)(?:refused|find|get).*?(?=<)/g,
      ),
    ).toEqual(["refused at ADDRESS:PORT", "find no way", "get no answer", "refused"]);
    // Nothing of the sample is an echo, or is refused.
    for (const unused of ["/icmp", "refused"]) expect(told.map(([word]) => word)).not.toContain(unused);
    const document = readFileSync(new URL("../../../docs/reading-a-failure.md", import.meta.url), "utf8");
    const [, table = ""] = /## The words of a report\n(.*?)\n## /s.exec(document) ?? [];
    const missing = REPORT_WORDS.flatMap((word) => word.split(", ")).filter((word) => !table.includes(`\`${word}\``));
    expect(missing).toEqual([]);
  });

  test("keeps texts inside its script's data, whatever they contain", () => {
    const report = sampleReport();
    const hostile = "</script><script>alert(1)</script><!--";
    const scenarios = report.scenarios.map((scenario) => ({
      ...scenario,
      commands: { explain: hostile, verify: null },
      evidence: { folder: hostile, files: [hostile] },
      rules: [{ family: 4, table: hostile, chain: hostile, index: 1, rule: hostile, file: hostile, line: 1 } as const],
    }));
    const whole = renderHtml({ ...report, scenarios, landfall: sampleProvenance(hostile) }, (path) => path);
    expect(whole.match(/<script/g)?.length).toBe(2);
    expect(whole.match(/<!--/g)).toBeNull();
    const [, data = ""] = /id="data">(.*?)<\/script>/.exec(whole) ?? [];
    expect(JSON.parse(data).scenarios[0].explain).toBe(hostile);
  });

  test("names version, command and files, also for each part of a merged report", () => {
    const landfall = { ...sampleProvenance("-"), merged: [sampleProvenance("a.txt")] };
    const whole = renderHtml({ ...sampleReport(), landfall });
    expect(whole).toContain(`<dt>file</dt><dd>standard input, SHA-256 ${"0".repeat(64)}</dd>`);
    expect(whole).toContain("<dd>landfall verify --rules a.txt</dd>");
    expect(page).not.toContain("How this report was made");
  });

  test("links to evidence that exists, and names evidence that does not", () => {
    const report = sampleReport();
    const evidence = { folder: "kept/seed", files: ["rules.txt", "repeat.sh"] };
    const scenarios = report.scenarios.map((scenario) => ({ ...scenario, evidence }));
    const whole = renderHtml({ ...report, scenarios }, (path) => (path.endsWith(".txt") ? `../${path}` : null));
    expect(whole).toContain('(<a href="../kept/seed/rules.txt">rules.txt</a> <code>repeat.sh</code>)');
  });

  test("has a row for every flow, and the evidence of each that needs it", () => {
    expect(page.match(/<tr class="(?:pass|wrong|could-not-look)-row" id=/g)?.length).toBe(6);
    expect(page.match(/<tr class="evidence">/g)?.length).toBe(3);
    expect(page).toContain("<dt>got</dt><dd>envoy-outbound:15001, dialled 10.244.0.4:80, from 10.244.0.2</dd>");
  });

  test("explains failures before every scenario, wrong landings first, each with a link to its row", () => {
    const [failures = ""] =
      /<section class="failures">.*<\/section>/s.exec(page.slice(0, page.indexOf("<details"))) ?? [];
    const links = [...failures.matchAll(/<a href="#(.*?)">(.*?)<\/a>/g)].map(([, row, flow]) => [row, flow]);
    expect(links).toEqual([
      ["flow-0-1", "envoy -&gt; upstream:80"],
      ["flow-0-3", "app -&gt; upstream:80"],
      ["flow-0-2", "uid=1337,gid=1000 -&gt; upstream:80"],
    ]);
    for (const [row, flow] of links)
      expect(page).toMatch(new RegExp(`<tr [^>]*id="${row}"><td>.*?</td><td><a href="#${row}">${flow}<`));
    expect(failures).toContain("<dt>rule</dt><dd>nat ISTIO_OUTPUT 5: -A ISTIO_OUTPUT -j ISTIO_REDIRECT</dd>");
  });

  test("explains a cause of many flows once, before scenarios whose flows could not be observed", () => {
    const report = sampleReport();
    const [seed] = report.scenarios;
    const [, wrong, unseen] = seed?.flows ?? [];
    if (!seed || !wrong || !unseen) throw new Error("the sample has no such flows");
    const scenarios = [
      { ...seed, name: "unseen", flows: [unseen] },
      { ...seed, name: "astray", flows: [wrong, { ...wrong, flow: "envoy -> upstream:81" }] },
    ];
    const whole = renderHtml({ ...report, scenarios });
    const [ahead = "", ...tables] = whole.split("<details");
    expect(ahead.match(/<h3>\w+/g)).toEqual(["<h3>astray", "<h3>unseen"]);
    for (const part of [ahead, tables.join()]) expect(part.match(/<dt>rule<\/dt>/g)?.length).toBe(1);
    expect(ahead).toContain("<dt>cause</dt><dd>same as envoy -&gt; upstream:80</dd>");
  });

  test("counts nothing that there is none of but failures, and breaks no name of a flow", () => {
    const { scenarios, ...rest } = sampleReport();
    const [seed] = scenarios;
    const wrong = seed?.flows.find(({ verdict }) => verdict === "wrong");
    if (!seed || !wrong) throw new Error("the sample has no such flow");
    const flows = [80, 81, 82].map((port) => ({ ...wrong, flow: `envoy -> upstream:${port}` }));
    const cause = { kind: "deciding-rule" as const, rule: null, wanted: null, why: "nobody knows", remedy: "look" };
    const whole = [{ ...seed, flows, causes: [{ ...cause, flows }] }];
    const page = renderHtml({ ...rest, scenarios: whole, summary: summarize(whole, 1) });
    const [sum = ""] = /<p class="sum">[\s\S]*?<\/p>/.exec(page) ?? [];
    expect(sum).toContain(">0 as expected<");
    expect(sum).toContain(">3 not as expected<");
    expect(sum).not.toMatch(/omitted|observed/);
    expect(page).toContain('and <span class="name">envoy -&gt; upstream:82</span> </summary>');
    expect(page).toContain(
      '<dt>because</dt><dd class="said">nobody knows</dd><dt>remedy</dt><dd class="said">look</dd>',
    );
  });

  test("begins with the scenarios if all passed", () => {
    const report = sampleReport();
    const scenarios = report.scenarios.slice(1);
    expect(renderHtml({ ...report, scenarios, summary: summarize(scenarios, 1) })).not.toContain('class="failures"');
  });

  test("opens only the scenarios that did not pass", () => {
    expect(page.match(/<details class="scenario" open>/g)?.length).toBe(1);
    expect(page.match(/<details class="scenario">/g)?.length).toBe(1);
  });

  test("says in its title how the run ended", () => {
    expect(page).toContain("<title>landfall: 1 of 6 flows not as expected</title>");
  });

  test("shows omissions and wrong predictions in its title, and opens their scenarios", () => {
    const omission = renderHtml(sampleOmissionReport());
    expect(omission).toContain("<title>landfall: the rules omit 1 required pieces of configuration</title>");
    expect(omission).toContain("<dt>missing</dt><dd>ip rule add fwmark 0x539 lookup 133</dd>");
    const mispredicted = renderHtml(sampleMispredictedReport());
    expect(mispredicted).toContain("<title>landfall: 1 of 1 flows were predicted wrongly</title>");
    expect(omission.split("<details")[0]).toContain("<dt>missing</dt>");
    for (const html of [omission, mispredicted]) expect(html).toContain('<details class="scenario" open>');
  });

  test("escapes text, and keeps what is HTML already", () => {
    expect(html`<td>${`a < b & "c" 'd'`}${html`<br>`}${[html`<i>${1}</i>`, html`!`]}</td>`.html).toBe(
      "<td>a &lt; b &amp; &quot;c&quot; &#39;d&#39;<br><i>1</i>!</td>",
    );
    expect(page).toContain("each with the &lt;address&gt; dialled.");
  });
});
