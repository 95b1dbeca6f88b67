import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { type Figure, makeFigure, median } from "./figure.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "harness/cli/main.ts");
/** As `npm start` and `npm run landfall` run it: what Node has compiled is there from the first module on. */
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/landfall") };

/** Measures `verify` as a whole, cold process to finished table: of the seed, and of everything. */
export async function measureCommands(engine: "engine" | "no-engine"): Promise<readonly Figure[]> {
  const figures = [
    makeFigure("verify seed, cold process, netns", await timeVerify(["--sandbox", "netns"], 7), "ms", 800),
    makeFigure("verify --all, netns", await timeVerify(["--all", "--sandbox", "netns"], 3), "ms", 6_000),
  ];
  if (engine === "no-engine") return figures;
  return [
    ...figures,
    makeFigure("verify seed, cold process, docker", await timeVerify(["--sandbox", "docker"], 5), "ms", 2_500),
    makeFigure("verify --all, docker", await timeVerify(["--all", "--sandbox", "docker"], 1), "ms", 30_000),
  ];
}

/** Gives the time from a cold process to the finished table, the middle of some rounds; the sandbox is removed after the table. */
async function timeVerify(options: readonly string[], rounds: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    const child = spawn(process.execPath, [MAIN, "verify", ...options], {
      stdio: ["ignore", "pipe", "inherit"],
      env: ENVIRONMENT,
    });
    const ended = once(child, "exit");
    let text = "";
    for await (const chunk of child.stdout) {
      text += chunk;
      if (/^\d+ flows: \d+ as expected, in/m.test(text)) times[round] ??= performance.now() - from;
    }
    const [status] = await ended;
    if (status !== 0) throw new Error(`verify ${options.join(" ")} ended with ${status}: ${text}`);
  }
  return median(times);
}
