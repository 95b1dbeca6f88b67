import { detectBackends } from "../../harness/sandbox/detect.ts";
import { type AnalysisFigure, benchAnalysis } from "./analysis.ts";
import { measureApply } from "./apply.ts";
import { measureClasses } from "./classes.ts";
import { measureCommands } from "./commands.ts";
import { measureDatagrams } from "./datagrams.ts";
import { measureDockerFlows } from "./docker-flows.ts";
import { measureEnvoy } from "./envoy.ts";
import { type Figure, makeFigure, median, renderFigure } from "./figure.ts";
import { measureFlows } from "./flows.ts";
import { measureMutation } from "./mutation.ts";
import { withOwnBuild } from "./own-build.ts";
import { runNode } from "./process-usage.ts";
import { measureQuickCommands } from "./quick-commands.ts";
import { measureRestore } from "./restore.ts";
import { measureServices } from "./services.ts";
import { measureSimulator } from "./simulator.ts";

/**
 * `npm run bench`: every figure of the project, each with its target. Machines differ by a factor of two, so each is a ratio to a reference
 * that is measured in the same run: `node` is Node's bare start, `restore` one iptables-restore of each family, `connect` a bare connection
 * and its first bytes.
 */
const engine = (await detectBackends()).some(({ backend, works }) => backend === "docker" && works)
  ? "engine"
  : "no-engine";
const STARTS = 15;
const node = median(Array.from({ length: STARTS }, () => runNode(["-e", "0"]).wallMs));
print([makeFigure("for reference: node, Node's bare start", node, "ms")]);

const flows = await measureFlows();
print([
  makeFigure("one flow, driven and confirmed at both ends, netns", flows.ratio, "× connect", 1.4),
  makeFigure("  beside it: connect, on the same rules, in the same process", flows.bareMs, "ms"),
  makeFigure(
    "flows in parallel, netns",
    (flows.flowsPerSecond * flows.bareMs) / 1_000,
    "× connects in turn",
    1,
    "at-least",
  ),
  makeFigure("  beside it", flows.flowsPerSecond, "/s"),
]);
const restore = measureRestore();
print([
  makeFigure("changing both families' rules in a live pod", flows.installMs / restore, "× restore", 2),
  makeFigure("  beside it: restore, both families in turn", restore, "ms"),
]);
const datagrams = await measureDatagrams();
print([
  makeFigure("one UDP flow, driven and confirmed at both ends, netns", datagrams.ratio, "× bare exchange", 1.5),
  makeFigure("  beside it: a bare datagram and its answer, same rules, same process", datagrams.bareMs, "ms"),
  makeFigure(
    "  beside it: a drive of such flows as a whole, records told and compared",
    datagrams.wholeRatio,
    "× bare exchange",
  ),
  makeFigure("what 100 silent UDP flows add to a suite", datagrams.silentTimeouts, "× one time-out", 1),
]);
if (engine === "engine") print(await measureDockerFlows(flows));
print(await measureCommands(engine));
print(await measureClasses());
const envoy = await measureEnvoy();
print([
  makeFigure("a real Envoy's start", envoy.startMs, "ms"),
  makeFigure("one forwarded flow through it, over one through the stub", envoy.envoyFlowMs / envoy.stubFlowMs, "×"),
]);
print([
  makeFigure(
    "simulated flows, seed rules, in the time of one bare start of Node",
    (measureSimulator().flowsPerSecond * node) / 1_000,
    "flows",
    15_000,
    "at-least",
  ),
]);
print([makeFigure("a mutant of the seed judged, netns", (await measureMutation()) / node, "× node", 1.2)]);
await withOwnBuild((build) => {
  print(measureQuickCommands(build));
  const apply = measureApply(build);
  print([
    makeFigure("apply of the seed, from a build", apply.applyMs / apply.nodeMs, "× node", 1.8),
    makeFigure("  beside it: the same rules, one iptables process each", apply.commandsMs / apply.nodeMs, "× node"),
    makeFigure("  beside it: Node's bare start", apply.nodeMs, "ms"),
  ]);
  print(measureServices(build));
});
print(judgeAnalysis(benchAnalysis()));

/** Each kind of rule set at its largest, against its target and against half as many rules. */
function judgeAnalysis(figures: readonly AnalysisFigure[]): readonly Figure[] {
  return figures.flatMap((figure) => {
    const half = figures.find(({ name, rules }) => name === figure.name && rules * 2 === figure.rules);
    if (!half) return [];
    const what = `parse and diff, ${figure.rules.toLocaleString("en")} rules, ${figure.name}`;
    return [
      makeFigure(what, figure.ms / node, "× node", figure.target),
      makeFigure("  over half as many rules", figure.ms / half.ms, "×", 2.1),
      makeFigure("  most memory of the process", figure.peakMb, "MB", 250),
    ];
  });
}

function print(figures: readonly Figure[]): void {
  for (const figure of figures) process.stdout.write(renderFigure(figure) + "\n");
}
