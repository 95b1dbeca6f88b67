import { detectBackends } from "../../harness/sandbox/detect.ts";
import { type AnalysisFigure, benchAnalysis } from "./analysis.ts";
import { measureApply } from "./apply.ts";
import { measureCommands } from "./commands.ts";
import { measureDatagrams } from "./datagrams.ts";
import { measureDockerFlows } from "./docker-flows.ts";
import { measureEnvoy } from "./envoy.ts";
import { type Figure, makeFigure, renderFigure } from "./figure.ts";
import { measureFlows } from "./flows.ts";
import { measureMutation } from "./mutation.ts";
import { measureServices } from "./services.ts";
import { measureSimulator } from "./simulator.ts";

/** What the original script needs for the seed command, measured once with nft in fresh namespaces on two idle cores. */
const ORIGINAL_APPLY_MS = 49;

/** `npm run bench`: every figure of the project, each with its target; ratios are of things measured in this run. */
const engine = (await detectBackends()).some(({ backend, works }) => backend === "docker" && works)
  ? "engine"
  : "no-engine";

const flows = await measureFlows();
print([
  makeFigure("one flow, driven and confirmed at both ends, netns", flows.ratio, "× bare connect", 1.5),
  makeFigure("  beside it: a bare connect-and-read, same rules, same process", flows.bareMs, "ms"),
  makeFigure("flows in parallel, netns", flows.flowsPerSecond, "/s", 4_000, "at-least"),
  makeFigure("changing both families' rules in a live pod", flows.installMs, "ms", 15),
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
if (engine === "engine") print(await measureDockerFlows(flows.flowMs));
print(await measureCommands(engine));
const apply = measureApply();
print([
  makeFigure("apply of the seed as a process, from dist/", apply.applyMs, "ms", 2 * ORIGINAL_APPLY_MS),
  makeFigure("  beside it: Node's start-up alone", apply.nodeMs, "ms"),
  makeFigure("  beside it: the same rules, one iptables process each", apply.commandsMs, "ms"),
]);
const envoy = await measureEnvoy();
print([
  makeFigure("a real Envoy's start", envoy.startMs, "ms"),
  makeFigure("one forwarded flow through it, over one through the stub", envoy.envoyFlowMs / envoy.stubFlowMs, "×"),
]);
print([makeFigure("simulated flows, seed rules", measureSimulator().flowsPerSecond, "/s", 100_000, "at-least")]);
print(await measureMutation());
print(measureServices());
print(judgeAnalysis(benchAnalysis()));

/** Each kind of rule set at its largest, against its target and against half as many rules. */
function judgeAnalysis(figures: readonly AnalysisFigure[]): readonly Figure[] {
  return figures.flatMap((figure) => {
    const half = figures.find(({ name, rules }) => name === figure.name && rules * 2 === figure.rules);
    if (!half) return [];
    const what = `parse and diff, ${figure.rules.toLocaleString("en")} rules, ${figure.name}`;
    return [
      makeFigure(what, figure.ms, "ms", figure.targetMs),
      makeFigure("  over half as many rules", figure.ms / half.ms, "×", 2.1),
      makeFigure("  most memory of the process", figure.peakMb, "MB", 250),
    ];
  });
}

function print(figures: readonly Figure[]): void {
  for (const figure of figures) process.stdout.write(renderFigure(figure) + "\n");
}
