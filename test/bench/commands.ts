import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { type Figure, makeFigure, median } from "./figure.ts";
import { runNode } from "./process-usage.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = join(ROOT, "harness/cli/main.ts");
/** As `npm start` and `npm run landfall` run it: what Node has compiled is there from the first module on. */
const ENVIRONMENT = { ...process.env, NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/landfall") };
const SANDBOXES = [
  { sandbox: "netns", cold: 10, scenario: 1.5, rounds: 7 },
  { sandbox: "docker", cold: 45, scenario: 3.3, rounds: 5 },
] as const;

/** Measures `verify`, cold process to finished table, of the seed and of everything, beside Node's bare start in the same run. */
export async function measureCommands(engine: "engine" | "no-engine"): Promise<readonly Figure[]> {
  const scenarios = countScenarios();
  const figures: Figure[] = [];
  for (const { sandbox, cold, scenario, rounds } of SANDBOXES) {
    if (sandbox === "docker" && engine === "no-engine") continue;
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { wallMs } = runNode(["-e", "0"]);
      ratios.push((await timeVerify(["--sandbox", sandbox])) / wallMs);
    }
    const node = median(Array.from({ length: rounds }, () => runNode(["-e", "0"]).wallMs));
    const all = await timeVerify(["--all", "--sandbox", sandbox]);
    figures.push(
      makeFigure(`verify of the seed, cold process, ${sandbox}`, median(ratios), "× node", cold),
      makeFigure(`verify --all, a scenario on average, ${sandbox}`, all / scenarios / node, "× node", scenario),
      makeFigure(`  beside it: all ${scenarios} scenarios`, all, "ms"),
    );
    if (sandbox === "docker") figures.push(await measureReuse(rounds));
  }
  return figures;
}

/** Measures `verify` of the seed in containers that a run before it has kept; what is kept is removed afterwards. */
async function measureReuse(rounds: number): Promise<Figure> {
  const ratios: number[] = [];
  try {
    await timeVerify(["--reuse"]);
    for (let round = 0; round < rounds; round++) {
      const { wallMs } = runNode(["-e", "0"]);
      ratios.push((await timeVerify(["--reuse"])) / wallMs);
    }
  } finally {
    execFileSync(process.execPath, [MAIN, "sweep"], { env: ENVIRONMENT, stdio: "ignore" });
  }
  return makeFigure("verify --reuse of the seed, docker, second run", median(ratios), "× node", 14);
}

function countScenarios(): number {
  const text = execFileSync(process.execPath, [MAIN, "verify", "--list", "--json"], { env: ENVIRONMENT });
  return (JSON.parse(String(text)) as { readonly scenarios: readonly unknown[] }).scenarios.length;
}

/** Gives the time from a cold process to the finished table; the sandbox is removed after the table. */
async function timeVerify(options: readonly string[]): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, [MAIN, "verify", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
    env: ENVIRONMENT,
  });
  const ended = once(child, "exit");
  let text = "";
  let toldMs: number | null = null;
  for await (const chunk of child.stdout) {
    text += chunk;
    if (/^\d+ flows: \d+ as expected, in/m.test(text)) toldMs ??= performance.now() - from;
  }
  const [status] = await ended;
  if (status !== 0 || toldMs === null) throw new Error(`verify ${options.join(" ")} ended with ${status}: ${text}`);
  return toldMs;
}
