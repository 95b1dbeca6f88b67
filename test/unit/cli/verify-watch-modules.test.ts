import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "landfall-watch-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "s.mjs");
const GOOD = 'export default { name: "s", claim: "c", capture: [], answer: { "client -> pod:22": "app" } };';

/** Watches the file on the simulated pod; `said` waits for a text on stderr, after all that it has waited for before. */
function watch() {
  const child = spawn(
    process.execPath,
    ["--conditions=landfall-source", MAIN, "verify", file, "--watch", "--sandbox", "simulated"],
    { stdio: "pipe" },
  );
  let [text, out] = ["", ""];
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const said = async (words: string) => {
    while (!text.includes(words)) {
      if (child.exitCode !== null) throw new Error(`it has ended: ${text}`);
      await sleep(5);
    }
    text = text.slice(text.indexOf(words) + words.length);
  };
  return { child, said, out: () => out, closed: once(child, "close") };
}

test("a watched module that exits or hangs is reported, and runs again once it is repaired", async () => {
  writeFileSync(file, GOOD);
  const { child, said, out, closed } = watch();
  await said("waiting for a change");
  writeFileSync(file, "process.exit(0);");
  await said("it ended the process that loads it");
  await said("waiting for a change");
  writeFileSync(file, "setInterval(() => {}, 1000);\nawait new Promise(() => {});");
  await said("did not finish loading");
  await said("waiting for a change");
  writeFileSync(file, GOOD);
  await said("waiting for a change");
  expect(out().match(/1 flow: 1 as expected/g)?.length).toBe(2);
  child.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
});

test("a signal ends a watch at once, even while a module hangs", async () => {
  const begun = join(folder, "begun");
  const tell = `(await import("node:fs")).writeFileSync(${JSON.stringify(begun)}, String(process.pid));`;
  writeFileSync(file, `${tell}\nsetInterval(() => {}, 1);\nawait new Promise(() => {});`);
  const { child, closed } = watch();
  while (!existsSync(begun) && child.exitCode === null) await sleep(5);
  child.kill("SIGTERM");
  // Had it waited for the module, the signal would have found it waiting for a change, and ended it with 0.
  expect(await closed).toEqual([143, null]);
  const modulePid = Number(readFileSync(begun, "utf8"));
  await expect.poll(() => existsSync(`/proc/${modulePid}/exe`)).toBe(false);
});
