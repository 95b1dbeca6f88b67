import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import type { Report, ScenarioReport } from "../../../harness/model/report.ts";
import { renderHtml } from "../../../harness/report/html.ts";
import { shortenLanding } from "../../../harness/report/landing-phrase.ts";
import { isClear } from "../../../harness/report/told-causes.ts";
import { findProgram } from "../../../harness/setup/debian.mjs";
import { runCommandIn } from "../cli/run-command.ts";
import { sampleOmissionReport } from "./sample-report.ts";

const program = findProgram("chromium");

let folder: string;
let browser: Browser;
let scenario: ScenarioReport;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-page-"));
  const [{ out }] = await Promise.all([runCommandIn({}, "generate", ...SEED_WORDS, "--format", "save"), launch()]);
  writeFileSync(join(folder, "wrong.txt"), out.replaceAll("15006", "15007"));
  const reports = ["--report", "wrong.html", "--report", "wrong.json", "--evidence", "kept"];
  await run("verify", ...SEED_WORDS, "--rules", "wrong.txt", "--sandbox", "simulated", ...reports);
  const report: Report = JSON.parse(readFileSync(join(folder, "wrong.json"), "utf8"));
  scenario = report.scenarios[0] as ScenarioReport;
});
afterAll(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

async function launch(): Promise<void> {
  browser = await chromium.launch({ executablePath: program ?? "chromium" });
}

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

/** Opens a page of the folder, gives it to `look`, and gives what the browser had to say against it. */
async function open(
  file: string,
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
): Promise<readonly string[]> {
  const context = await browser.newContext(options);
  const said: string[] = [];
  try {
    const page = await context.newPage();
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("request", (request) => said.push(request.url()));
    await page.goto(`file://${join(folder, file)}`);
    await look(page);
  } finally {
    await context.close();
  }
  return said.filter((text) => text !== `file://${join(folder, file)}`);
}

describe("the HTML report in a browser", () => {
  test("filters flows by text, by actor and by failure, and asks for nothing outside the page", async () => {
    const said = await open("wrong.html", {}, async (page) => {
      const count = () => page.locator("tr[id]:visible").count();
      const number = (holds: (flow: ScenarioReport["flows"][number]) => boolean) => scenario.flows.filter(holds).length;
      expect(await page.getByLabel("failed only").isChecked()).toBe(true);
      await expect.poll(count).toBe(number((flow) => !isClear(flow)));
      await page.getByRole("button", { name: "Clear" }).click();
      await expect.poll(count).toBe(scenario.flows.length);
      await page.getByLabel("failed only").check();
      await page.getByLabel("Actor").selectOption("client");
      await expect.poll(count).toBe(number((flow) => !isClear(flow) && flow.flow.startsWith("client")));
      const clear = number((flow) => isClear(flow) && flow.flow.startsWith("client"));
      expect(clear).toBeGreaterThan(0);
      expect(await page.locator("#filter output").textContent()).toMatch(
        new RegExp(` of ${scenario.flows.length} flows; ${clear} more as expected$`),
      );
      await page.getByRole("button", { name: "Clear" }).click();
      await page.getByLabel("Filter").fill("UPSTREAM:80 envoy-outbound");
      const isMeant = (text: string) => text.includes("upstream:80") && text.includes("envoy-outbound");
      await expect.poll(count).toBe(number((flow) => isMeant(`${flow.flow} ${shortenLanding(flow)}`)));
      expect(await page.locator("#filter output").textContent()).toBe(
        `${await count()} of ${scenario.flows.length} flows`,
      );
    });
    expect(said).toEqual([]);
    writeFileSync(join(folder, "omission.html"), renderHtml(sampleOmissionReport()));
    await open("omission.html", {}, async (page) => {
      await page.getByLabel("failed only").check();
      expect(await page.locator("details.scenario:visible").count()).toBe(1);
    });
  });

  test("is used with the keyboard alone: filter, next flow, its packets, and back to it", async () => {
    await open("wrong.html", {}, async (page) => {
      const { keyboard } = page;
      await keyboard.press("/");
      await keyboard.type("app -> pod:8080");
      expect(await page.getByLabel("Filter").inputValue()).toBe("app -> pod:8080");
      await keyboard.press("Enter");
      await keyboard.press("j");
      await keyboard.press("k");
      await keyboard.press("Enter");
      const flow = page.getByRole("dialog", { name: "app -> pod:8080" });
      const status = flow.locator(".count");
      expect(await status.textContent()).toMatch(/^step 1 of \d+$/);
      await keyboard.press("ArrowRight");
      await keyboard.press("ArrowRight");
      await keyboard.press("ArrowLeft");
      expect(await status.textContent()).toMatch(/^step 2 of \d+$/);
      await keyboard.press("End");
      expect(await status.textContent()).toMatch(/^step (\d+) of \1$/);
      await keyboard.press("ArrowLeft");
      expect(await status.textContent()).not.toMatch(/^step (\d+) of \1$/);
      await keyboard.press("Home");
      expect(await status.textContent()).toMatch(/^step 1 of \d+$/);
      await keyboard.press("Escape");
      expect(await flow.count()).toBe(0);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("app -> pod:8080");
    });
  });

  test("keeps the focus on a step's button at the first and the last step", async () => {
    await open("wrong.html#flow-0-0", {}, async (page) => {
      const dialog = page.getByRole("dialog");
      const focused = () => page.evaluate(() => document.activeElement?.textContent);
      for (const [name, end] of [
        ["Next", /^step (\d+) of \1$/],
        ["Back", /^step 1 of \d+$/],
      ] as const) {
        const button = dialog.locator(".steps").getByRole("button", { name });
        await button.focus();
        while ((await button.getAttribute("aria-disabled")) === "false") await page.keyboard.press("Enter");
        await page.keyboard.press("Enter");
        expect(await dialog.locator(".count").textContent()).toMatch(end);
        expect(await focused()).toBe(await button.textContent());
      }
    });
  });

  test("says of each failed flow that is opened what to change", async () => {
    await open("wrong.html", {}, async (page) => {
      for (const link of [page.locator(".failures .shown a").first(), page.locator("tr[id]:visible a").last()]) {
        await link.click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("change this rule to the required one").waitFor();
        await dialog
          .locator(".told dt")
          .filter({ hasText: /^rule$/ })
          .waitFor();
        expect(await dialog.locator("p.said").textContent()).not.toBe("");
        await page.keyboard.press("Escape");
      }
    });
  });

  test("links each failed flow to its cause, which tells all of it once", async () => {
    await open("wrong.html", {}, async (page) => {
      await page.locator("tr.evidence:visible a[href^='#cause-']").last().click();
      const { y = -1 } = (await page.locator("#cause-0-0").boundingBox()) ?? {};
      expect(Math.round(y)).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThan(page.viewportSize()?.height ?? 0);
      expect(await page.getByText(/^the requirement inbound-captured: "/).count()).toBe(1);
    });
  });

  test("keeps the name of an opened flow and its Close button in sight on a phone", async () => {
    await open("wrong.html", { viewport: { width: 400, height: 700 } }, async (page) => {
      await page.locator(".failures .shown a").first().click();
      const dialog = page.getByRole("dialog");
      await dialog.evaluate((window) => window.scrollTo(0, window.scrollHeight));
      const { y = -1 } = (await dialog.locator(".close").boundingBox()) ?? {};
      expect(y).toBeGreaterThanOrEqual(0);
      await dialog.locator(".close").click();
      expect(await dialog.isVisible()).toBe(false);
    });
  });

  test("lists every flow of a cause, each with a link to its row", async () => {
    await open("wrong.html", {}, async (page) => {
      await page.locator(".rest summary").first().click();
      const links = page.locator(".failures .shown a:visible, .failures .rest a:visible");
      expect(await links.count()).toBe(scenario.flows.filter(({ verdict }) => verdict === "wrong").length);
      const last = links.last();
      const name = (await last.textContent()) ?? "";
      await last.click();
      await page.getByRole("dialog", { name }).waitFor();
    });
  });

  test("highlights the rules that a flow meets, and shows the end points that its listener saw", async () => {
    const firsts = scenario.flows.filter(({ way }, i) => scenario.flows.findIndex((other) => other.way === way) === i);
    expect(firsts.length).toBeGreaterThan(20);
    const said = await open("wrong.html", {}, async (page) => {
      const rows = firsts.map((flow) => `flow-0-${scenario.flows.indexOf(flow)}`);
      const shown = await page.evaluate(followFlows, rows);
      for (const [i, { flow, rules, observed, manner }] of firsts.entries()) {
        const named = rules.map(({ index, chain, table }) => `IPv4 ${table} ${chain} ${index}`);
        expect([flow, shown[i]?.matched]).toEqual([flow, named]);
        const isSeen = observed.kind === "listener" && manner === "answer";
        if (isSeen) expect([flow, shown[i]?.ends]).toEqual([flow, `${observed.address}:${observed.port}`]);
      }
    });
    expect(said).toEqual([]);
  });

  test("copies commands that ask about the flow again, and links to its evidence", async () => {
    await open("wrong.html", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      await page.getByRole("link", { name: "client -> pod:8080" }).first().click();
      const dialog = page.getByRole("dialog");
      const copied = async (name: string) => {
        await dialog.getByRole("button", { name: `Copy ${name}` }).click();
        await dialog.locator(`.${name}`, { hasText: "Copied" }).waitFor();
        return splitByShell(await page.evaluate(() => navigator.clipboard.readText()));
      };
      const explain = await copied("explain");
      expect(explain.slice(0, 2)).toEqual(["landfall", "explain"]);
      const { out } = await run(...explain.slice(1), "--json");
      expect(JSON.parse(out).landing).toEqual(
        scenario.flows.find(({ flow }) => flow === "client -> pod:8080")?.predicted,
      );
      const again = await run(...(await copied("verify")).slice(1), "--json");
      const { scenarios }: Report = JSON.parse(again.out);
      expect(scenarios[0]?.flows.map(({ flow, verdict }) => `${flow} ${verdict}`)).toEqual([
        "client -> pod:8080 wrong",
        "client -> pod:8080 wrong",
      ]);
      await dialog.getByRole("link", { name: "rules.txt" }).click();
      await page.waitForURL(/rules\.txt$/);
      expect(await page.textContent("body")).toContain("--to-ports 15007");
    });
  });

  test("folds the commands of a problem's flows in, and copies them with the keyboard from beside the flow", async () => {
    await open("wrong.html", { permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
      const shown = page.locator(".shown", { hasText: "client -> pod:8080" });
      expect(await shown.locator("code:visible").count()).toBe(0);
      await shown.getByRole("link", { name: "client -> pod:8080" }).focus();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await shown.getByRole("button", { name: "Copied" }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expect(splitByShell(copied).slice(0, 2)).toEqual(["landfall", "verify"]);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await shown.locator("code:visible").allTextContents()).toEqual([
        expect.stringContaining("explain"),
        copied,
      ]);
    });
  });

  test("runs no script from the texts of a report", async () => {
    const text = readFileSync(join(folder, "wrong.html"), "utf8");
    const foreign = '<script>window.hit = 1</script><img src="x" onerror="window.hit = 2"><p style="color: red">x</p>';
    writeFileSync(join(folder, "foreign.html"), text.replace("</h1>", `</h1>${foreign}`));
    const said = await open("foreign.html", {}, async (page) => {
      await page.getByLabel("Filter").waitFor();
      expect(await page.evaluate(() => "hit" in window)).toBe(false);
    });
    expect(said.filter((each) => /Content Security Policy/.test(each)).length).toBeGreaterThan(2);
  });

  test("shows the same without its script, and none of the script's controls", async () => {
    await open("wrong.html", { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator("tr[id]:visible").count()).toBe(scenario.flows.length);
      expect(await page.locator("form:visible, dialog:visible, button:visible").count()).toBe(0);
      expect(await page.getByText("landfall explain").first().isVisible()).toBe(true);
    });
  });

  test.each(["light", "dark"] as const)("fits 400 pixels, also with a flow open: %s", async (colorScheme) => {
    const look = { viewport: { width: 400, height: 800 }, colorScheme };
    await open("wrong.html#flow-0-0", look, async (page) => {
      await page.getByRole("dialog").waitFor();
      const tooWide = () =>
        [...document.querySelectorAll("html, dialog")].filter((each) => each.scrollWidth > each.clientWidth).length;
      expect(await page.evaluate(tooWide)).toBe(0);
    });
  });
});

/** Opens flows in the page, steps through each, and gives the rules that were lit as matching, each once, and where it last went. */
function followFlows(rows: readonly string[]) {
  return rows.map((row) => {
    document.querySelector<HTMLAnchorElement>(`#${row} a`)?.click();
    const matched = new Set<string>();
    const [, next] = document.querySelectorAll<HTMLButtonElement>(".steps button");
    const textOf = (selector: string) => document.querySelector(`dialog ${selector}`)?.textContent ?? "";
    for (;;) {
      const lit = document.querySelector('dialog [aria-current="step"]');
      const [, name] = /^(.*) matches: /.exec(textOf("p.said")) ?? [];
      if (lit?.className === "taken" && name !== undefined) matched.add(name);
      if (!next || next.ariaDisabled === "true") break;
      next.click();
    }
    const [, ends] = /^.* to (\S+)/.exec(textOf(".ends")) ?? [];
    document.querySelector<HTMLButtonElement>("dialog .close")?.click();
    return { matched: [...matched], ends };
  });
}

/** Gives the words that a POSIX shell makes of a command. */
function splitByShell(command: string): readonly string[] {
  const words = execFileSync("sh", ["-c", `printf '%s\\0' ${command}`], { encoding: "utf8" });
  return words.split("\0").slice(0, -1);
}
