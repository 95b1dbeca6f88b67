import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Figure, makeFigure, median } from "./figure.ts";
import { type OwnBuild, withOwnBuild } from "./own-build.ts";
import { runNode, type Usage } from "./process-usage.ts";
import { renderNetworkRules, renderServiceRules } from "./service-rules.ts";

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

/**
 * Measures what commands of a build cost over services as kube-proxy writes them, beside Node's bare start in the same run. All are
 * processor time.
 */
export function measureServices(build: OwnBuild): readonly Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  try {
    const node = median(Array.from({ length: BARE_STARTS }, () => runNode(["-e", "0"]).ms));
    const map = (services: number, ...options: readonly string[]): Usage => {
      const file = join(folder, `${services}.rules`);
      writeFileSync(file, renderServiceRules(services));
      return runNode([build.main, "map", "--rules", file, ...options]);
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
      ...measureMany(build, folder, node),
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

function measureMany({ main, harness }: OwnBuild, folder: string, node: number): readonly Figure[] {
  const file = join(folder, "many.rules");
  writeFileSync(file, renderNetworkRules(MANY));
  const reading = `import { readRulesText } from ${JSON.stringify(join(harness, "formats/rules-text.js"))};
import { readFileSync } from "node:fs";
if (!readRulesText(readFileSync(${JSON.stringify(file)}, "utf8"), { where: "bench", family: 4 }).ok) process.exit(1);`;
  const runs = {
    read: runNode(["--input-type=module", "-e", reading]),
    explain: runNode([main, "explain", "app -> 10.0.1.3:8080", "--rules", file]),
    map: runNode([main, "map", "--rules", file]),
  };
  return (["read", "explain", "map"] as const).flatMap((what) => [
    makeFigure(`${what} ${MANY.toLocaleString("en")} rules`, runs[what].ms / node, "× node", MANY_TARGETS[what]),
    makeFigure("  most memory of the process", runs[what].mb, "MB"),
  ]);
}

if (import.meta.main) console.table(await withOwnBuild(measureServices));
