import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "landfall-looking-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(landing: string): string {
  const path = join(folder, "own.mjs");
  const scenario = { name: "own", claim: "c", capture: ["-b", ""], answer: { "client -> pod:8080": landing } };
  writeFileSync(path, `export default ${JSON.stringify(scenario)};\n`);
  return path;
}

/** Starts `verify` on network namespaces as a process of its own; `said` resolves once what it has said matches. */
function start(...words: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, "verify", "--sandbox", "netns", ...words], { stdio: "pipe" });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  const said = async (pattern: RegExp) => {
    while (!pattern.test(text))
      await Promise.race([once(child.stdout, "data"), once(child.stderr, "data"), orEnded(child)]);
  };
  return { child, said, ended: once(child, "close").then(([code]) => code as number) };
}

async function orEnded(child: ChildProcess): Promise<never> {
  await once(child, "close");
  throw new Error("verify has ended before it said what was waited for");
}

describe("landfall verify", () => {
  test("--keep waits with the rules in and says how to get into the pod, until Enter", async () => {
    const { child, said, ended } = start(write("app"), "--keep");
    await said(/the rules of own are in; a shell in the pod: nsenter --target \d+ .*\nlandfall: Enter goes on/);
    child.stdin.write("\n");
    expect(await ended).toBe(0);
  });

  test("--watch runs again at a change, tells bad input and waits it out, and ends when it is interrupted", async () => {
    const { child, said, ended } = start(write("app"), "--watch");
    await said(/1 flow: 1 as expected[\s\S]*waiting for a change/);
    write("refused");
    await said(/1 landed elsewhere[\s\S]*waiting for a change/);
    write("nowhere");
    await said(/"nowhere" is no landing[\s\S]*waiting for a change/);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});
