import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setInterval } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");
const folder = mkdtempSync(join(tmpdir(), "landfall-looking-"));
const children: ChildProcess[] = [];
// One that a failing test has left is ended as a person would end it, and takes its sandbox along.
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGINT");
    await once(child, "close");
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(landing: string): string {
  const path = join(folder, "own.mjs");
  const scenario = { name: "own", claim: "c", capture: ["-b", ""], answer: { "client -> pod:8080": landing } };
  writeFileSync(path, `export default ${JSON.stringify(scenario)};\n`);
  return path;
}

/** Starts `verify` on network namespaces as a process of its own; `said` resolves once what it has said matches. */
function start(...words: readonly string[]) {
  return watch(spawn(process.execPath, [MAIN, "verify", "--sandbox", "netns", ...words], { stdio: "pipe" }));
}

/** Does the same at a terminal, which script(1) makes. */
function startAtTerminal(...words: readonly string[]) {
  const line = [process.execPath, MAIN, "verify", "--sandbox", "netns", ...words].join(" ");
  return watch(spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], { stdio: "pipe" }));
}

function watch(child: ChildProcessWithoutNullStreams) {
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += chunk));
  const said = async (pattern: RegExp) => {
    while (!pattern.test(text))
      await Promise.race([once(child.stdout, "data"), once(child.stderr, "data"), orEnded(child)]);
  };
  return { child, said, ended: once(child, "close").then(([code]) => code as number) };
}

/** Waits until a file has had one size for half a second; throws where it never does within ten. */
async function stopsGrowing(path: string): Promise<void> {
  const sizes = [-1];
  for await (const _ of setInterval(500)) {
    sizes.push(statSync(path).size);
    if (sizes.at(-1) === sizes.at(-2)) return;
    if (sizes.length > 20) throw new Error(`${path} grew without end`);
  }
}

async function orEnded(child: ChildProcess): Promise<never> {
  await once(child, "close");
  throw new Error("verify has ended before it said what was waited for");
}

describe("landfall verify", () => {
  test("--keep waits with the rules loaded until Enter, and says how to enter the pod", async () => {
    const { child, said, ended } = startAtTerminal(write("app"), "--keep");
    await said(
      /the rules of own are still in place; a shell in the pod: nsenter --target \d+ .*\s+landfall: press Enter to continue/,
    );
    child.stdin.write("\n");
    expect(await ended).toBe(0);
  });

  test("--keep is refused without a terminal, and nothing is applied", async () => {
    const { child, said, ended } = start(write("app"), "--keep");
    child.stdin.end();
    await said(
      / {2}--keep: Without docker the pod lasts only until you press Enter, .* standard input is not a terminal/,
    );
    expect(await ended).toBe(2);
  });

  test("--watch runs again after a change, reports bad input and goes on, and ends when it is interrupted", async () => {
    const { child, said, ended } = start(write("app"), "--watch");
    const log = join(folder, "log.txt");
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => appendFileSync(log, chunk));
    await said(/1 flow: 1 as expected[\s\S]*waiting for a change/);
    write("refused");
    await said(/1 not as expected[\s\S]*waiting for a change/);
    write("nowhere");
    await said(/"nowhere" is not a valid landing[\s\S]*waiting for a change/);
    // A log beside the scenarios is none of them: what is written there starts no run, and so nothing more is written.
    await stopsGrowing(log);
    child.kill("SIGINT");
    expect(await ended).toBe(0);
  });
});
