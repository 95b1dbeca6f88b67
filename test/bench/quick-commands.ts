import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { generateRules } from "../../harness/meshes/istio-1.4/rules.ts";
import { SEED_WORDS } from "../../harness/meshes/istio-1.4/seed.ts";
import { seedConfig } from "../seed-config.ts";
import { type Figure, makeFigure } from "./figure.ts";
import type { OwnBuild } from "./own-build.ts";
import { runInTurn } from "./process-usage.ts";

/** `diff` ends with 1 where flows land elsewhere. */
const DIFFERENT = 1;

/** Measures the commands that people run dozens of times, over the seed and from a build, beside Node's bare start in the same rounds. */
export function measureQuickCommands({ main }: OwnBuild): readonly Figure[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  try {
    const [before, after] = [join(folder, "before.rules"), join(folder, "after.rules")];
    const { ip } = generateRules(seedConfig());
    if (ip === null) throw new RangeError("the seed has no rules for IPv4");
    const text = renderIptablesSave(ip);
    writeFileSync(before, text);
    writeFileSync(after, text.replaceAll("15020", "15021"));
    const [node, explain, map, prove, diff] = runInTurn(
      [
        ["-e", "0"],
        [main, "explain", "client -> pod:8080", ...SEED_WORDS],
        [main, "map", ...SEED_WORDS],
        [main, "prove", ...SEED_WORDS],
        [main, "diff", before, after],
      ],
      [0, 0, 0, 0, DIFFERENT],
    ).map(({ wallMs }) => wallMs) as [number, number, number, number, number];
    return [
      makeFigure("explain of the seed, from a build", explain / node, "× node", 2),
      makeFigure("map of the seed, from a build", map / node, "× node", 3),
      makeFigure("prove of the seed, from a build", prove / node, "× node", 4),
      makeFigure("diff of the seed and one changed port, from a build", diff / node, "× node", 3),
      makeFigure("  beside them: Node's bare start", node, "ms"),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
