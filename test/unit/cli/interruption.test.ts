import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openInterruptibleSandbox } from "../../../harness/cli/interruption.ts";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";

const MAIN = resolve(import.meta.dirname, "../../../harness/cli/main.ts");

const engine = connectEngine();
/** Looking without a pause would take a processor from what is looked at. */
const LOOK_AGAIN_MS = 10;

/** What the engine has of a process's containers and networks: for each the run that its label names. */
async function listLeft(pid: number): Promise<readonly string[]> {
  const filters = { label: ["landfall.run"] };
  const [containers, networks] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
  ]);
  const runs = [...containers, ...networks].map(({ Labels }) => Labels?.["landfall.run"] ?? "");
  return runs.filter((run) => run.split(".")[2] === String(pid));
}

/** Gives how long a process has computed: `utime` and `stime`, in hundredths of a second (proc(5), /proc/PID/stat). */
function readProcessorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Sends `signal` to `verify` in containers once `isTime` holds, and gives how it ended and what is left of it. */
async function interrupt(signal: NodeJS.Signals, isTime: (left: number) => boolean) {
  const child = spawn(process.execPath, [MAIN, "verify", "--all", "--sandbox", "docker"], { stdio: "pipe" });
  const pid = child.pid ?? 0;
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
  });
  const closed = once(child, "close");
  while (!isTime((await listLeft(pid)).length) && child.exitCode === null) await setTimeout(LOOK_AGAIN_MS);
  child.kill(signal);
  const [code, signalled] = await closed;
  // A busy machine takes so long that the log says how far the run has come.
  const said = err.replace(/^landfall: \d+ of \d+ scenarios looked at.*\n/gm, "");
  return { code, signalled, out, err: said, left: await listLeft(pid) };
}

describe("a signal", () => {
  test.each([
    ["SIGINT", 130, 8],
    ["SIGTERM", 143, 1],
    ["SIGHUP", 129, 3],
  ] as const)("%s disposes of the sandboxes, those being started too", async (signal, code, things) => {
    expect(await interrupt(signal, (left) => left >= things)).toEqual({
      code,
      signalled: null,
      out: "",
      err: `landfall: interrupted by ${signal}; removing the sandbox. Send it again to stop immediately.\n`,
      left: [],
    });
  });

  test("leaves no report, and removes an earlier one that could be taken for this run's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-interrupted-"));
    const report = join(folder, "report.json");
    writeFileSync(report, "{}");
    const child = spawn(process.execPath, [MAIN, "verify", "--all", "--sandbox", "netns", "--report", report]);
    const closed = once(child, "close");
    while (existsSync(report) && child.exitCode === null) await setTimeout(LOOK_AGAIN_MS);
    child.kill("SIGTERM");
    const [code] = await closed;
    expect({ hasFinished: code === 0, left: readdirSync(folder) }).toEqual({ hasFinished: false, left: [] });
    rmSync(folder, { recursive: true });
  });

  test("is heard while mutants are judged in a simulated sandbox, which waits for nothing", async () => {
    const words = "mutate --sandbox simulated --mesh istio -u 1337 -b * -i * --redirect-dns".split(" ");
    const child = spawn(process.execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    const closed = once(child, "close");
    let err = "";
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.stdout.resume();
    // It needs half a minute of a processor, and not a second to begin.
    while (child.exitCode === null && readProcessorSeconds(child.pid ?? 0) < 3) await setTimeout(LOOK_AGAIN_MS);
    child.kill("SIGTERM");
    const [code] = await closed;
    expect({ code, isTold: /interrupted by SIGTERM/.test(err) }).toEqual({ code: 143, isTold: true });
  });

  test("is handled only while a sandbox exists", async () => {
    const count = () => process.listenerCount("SIGTERM");
    const before = count();
    const [one, other] = await Promise.all([
      openInterruptibleSandbox("simulated"),
      openInterruptibleSandbox("simulated"),
    ]);
    await one[Symbol.asyncDispose]();
    const between = count();
    await other[Symbol.asyncDispose]();
    expect([between - before, count() - before]).toEqual([1, 0]);
  });
});
