import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Figure, makeFigure, median } from "./figure.ts";
import { renderNetworkRules, renderServiceRules } from "./service-rules.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** The most that a map of some services may cost, as a multiple of Node's bare start; null where only its growth is of interest. */
const MAPS = [
  { services: 50, target: null },
  { services: 100, target: null },
  { services: 500, target: 60 },
  { services: 5_000, target: 900 },
] as const;
/** The most that twice as many services may cost, and the memory that the largest map may take. */
const [DOUBLING, MOST_MB] = [2.3, 1_000];
const FLOW = "app -> 10.96.0.7:80";
const BARE_STARTS = 11;

/** What a process has used. */
interface Usage {
  /** Processor time, user's and system's: other work on the machine changes it little. */
  readonly ms: number;
  readonly mb: number;
}

/**
 * Measures, from `dist/`, what commands over services as kube-proxy writes them cost, beside Node's bare start in the same run. All are
 * processor time.
 */
export function measureServices(): readonly Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  try {
    const node = median(Array.from({ length: BARE_STARTS }, () => run(["-e", "0"]).ms));
    const map = (services: number, ...options: readonly string[]): Usage => {
      const file = join(folder, `${services}.rules`);
      writeFileSync(file, renderServiceRules(services));
      return run([join(ROOT, "dist/harness/cli/main.js"), "map", "--rules", file, ...options]);
    };
    const mapped = MAPS.map((row) => ({ ...row, ...map(row.services) }));
    const [some, twice, , most] = mapped;
    const rows = mapped.map(({ services, target, ms }) =>
      makeFigure(
        `map of ${services.toLocaleString("en")} services as kube-proxy writes them`,
        ms / node,
        "× node",
        target,
      ),
    );
    return [
      ...rows,
      makeFigure("  100 services over 50", (twice?.ms ?? Number.NaN) / (some?.ms ?? Number.NaN), "×", DOUBLING),
      makeFigure("  most memory over 5,000 services", most?.mb ?? Number.NaN, "MB", MOST_MB),
      makeFigure("map of one flow over 500 services", map(500, "--within", FLOW).ms / node, "× node"),
      ...measureMany(folder, node),
      makeFigure("  beside it: Node's bare start, processor time", node, "ms"),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Rules that a program has made, as many as a large machine has; each asks for a network and a port. */
const MANY = 200_000;
/** The most that reading them, explaining one flow, and mapping all may cost, as multiples of Node's bare start. */
const MANY_TARGETS = { read: 20, explain: 30, map: 200 } as const;

function measureMany(folder: string, node: number): readonly Figure[] {
  const file = join(folder, "many.rules");
  writeFileSync(file, renderNetworkRules(MANY));
  const main = join(ROOT, "dist/harness/cli/main.js");
  const text = "dist/harness/formats/rules-text.js";
  const reading = `import { readRulesText } from ${JSON.stringify(join(ROOT, text))};
import { readFileSync } from "node:fs";
if (!readRulesText(readFileSync(${JSON.stringify(file)}, "utf8"), { where: "bench", family: 4 }).ok) process.exit(1);`;
  const runs = {
    read: run(["--input-type=module", "-e", reading]),
    explain: run([main, "explain", "app -> 10.0.1.3:8080", "--rules", file]),
    map: run([main, "map", "--rules", file]),
  };
  return (["read", "explain", "map"] as const).flatMap((what) => [
    makeFigure(`${what} ${MANY.toLocaleString("en")} rules`, runs[what].ms / node, "× node", MANY_TARGETS[what]),
    makeFigure("  most memory of the process", runs[what].mb, "MB"),
  ]);
}

/** Has a process say at its end, on a pipe of its own, what it has used. */
const TELL = `import { writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ ms: (userCPUTime + systemCPUTime) / 1000, mb: maxRSS / 1024 }));
});`;

function run(args: readonly string[]): Usage {
  const command = ["--import", `data:text/javascript,${encodeURIComponent(TELL)}`, ...args];
  const { output, status } = spawnSync(process.execPath, command, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
  return JSON.parse(String(output[3]));
}

if (import.meta.main) console.table(measureServices());
