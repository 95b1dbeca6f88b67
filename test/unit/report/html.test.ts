import { describe, expect, test } from "vitest";
import { renderHtml } from "../../../harness/report/html.ts";
import { html } from "../../../harness/report/html-text.ts";
import { sampleMispredictedReport, sampleOmissionReport, sampleReport } from "./sample-report.ts";

const page = renderHtml(sampleReport());

describe("the HTML report", () => {
  test("needs nothing from outside the page and runs no script", () => {
    expect(page).not.toMatch(/\b(?:src|href)=|<script|<link|@import|url\((?!#head-)/);
  });

  test("has a row for every flow, and the evidence of each that needs it", () => {
    expect(page.match(/<tr class="(?:pass|wrong|could-not-look)-row">/g)?.length).toBe(6);
    expect(page.match(/<tr class="evidence">/g)?.length).toBe(3);
    expect(page).toContain("<dt>seen</dt><dd>envoy-outbound:15001, dialled 10.244.0.4:80, from 10.244.0.2:50000</dd>");
  });

  test("opens the scenarios that did not pass, and only those", () => {
    expect(page.match(/<details class="scenario" open>/g)?.length).toBe(1);
    expect(page.match(/<details class="scenario">/g)?.length).toBe(1);
  });

  test("says in its title how the run ended", () => {
    expect(page).toContain("<title>landfall: 1 of 6 flows landed elsewhere</title>");
  });

  test("is opened and titled by what the rules leave out, and by a wrong prediction", () => {
    const omission = renderHtml(sampleOmissionReport());
    expect(omission).toContain("<title>landfall: the rules leave out 1 of what is demanded</title>");
    expect(omission).toContain("<dt>missing</dt><dd>ip rule add fwmark 0x539 lookup 133</dd>");
    const mispredicted = renderHtml(sampleMispredictedReport());
    expect(mispredicted).toContain("<title>landfall: 1 of 1 flows were predicted wrongly</title>");
    for (const html of [omission, mispredicted]) expect(html).toContain('<details class="scenario" open>');
  });

  test("draws one arrow for flows that go alike", () => {
    const client = /url\(#head-pass\)"\/><text[^>]*>2<\/text>/;
    expect(page).toMatch(client);
  });

  test("escapes text, and leaves alone what is HTML already", () => {
    expect(html`<td>${`a < b & "c" 'd'`}${html`<br>`}${[html`<i>${1}</i>`, html`!`]}</td>`.html).toBe(
      "<td>a &lt; b &amp; &quot;c&quot; &#39;d&#39;<br><i>1</i>!</td>",
    );
    expect(page).toContain("each with the &lt;address&gt; dialled.");
  });
});
