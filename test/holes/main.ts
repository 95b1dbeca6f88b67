import { parseArgs } from "node:util";
import { judgeHoles } from "./holes.ts";

const USAGE = `Usage: npm run holes -- [--count N] [--seed S] [--jobs N] [--mesh NAME] [--verbose]

Puts a random rule anywhere into the rules of every built-in capture config, and asks verify in network namespaces. Either verify is not
green, or 200 flows drawn from the rule's own values land in the kernel exactly as without it (flows
of which the config's contract demands nothing are not drawn). --mesh draws from the configs of one mesh. --jobs is the number of processors to
keep busy; each has four live worlds, since most of the time goes by waiting.
Exit codes: 0 so it is for every rule · 1 for some it is not, each with its seed: --seed S --count 1 repeats it
`;

/** A run of thousands takes half an hour: how far it is, is told as often as this many holes are judged. */
const TOLD_EVERY = 100;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    jobs: { type: "string", default: "2" },
    mesh: { type: "string" },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const count = Number(values.count);
  const { mesh } = values;
  const asked = {
    first: Number(values.seed),
    count,
    jobs: Number(values.jobs),
    ...(mesh === undefined ? {} : { mesh }),
  };
  const began = performance.now();
  let done = 0;
  const judged = await judgeHoles(asked, ({ seed, scenario, text, outcome }) => {
    if (++done % TOLD_EVERY === 0) console.error(`${done} of ${count} are judged`);
    if (values.verbose)
      console.log(`${seed} ${outcome.kind} ${scenario} ${text}${"why" in outcome ? ` (${outcome.why})` : ""}`);
    if (outcome.kind === "failed") console.log(`seed ${seed}: the harness failed twice: ${outcome.why}`);
    if (outcome.kind !== "missed") return;
    const { flow, without, withHole } = outcome;
    const [was, is] = [without, withHole].map(({ kind, listener, port, cause }) =>
      [kind, listener, port, cause].filter(Boolean).join(" "),
    );
    console.log(`seed ${seed}: ${scenario}: verify is green with ${text}\n  ${flow}: without it ${was}, with it ${is}`);
  });
  const of = (kind: string) => judged.filter(({ outcome }) => outcome.kind === kind).length;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `seed ${values.seed}: ${count - of("missed") - of("failed")} of ${count} (${of("seen")} landed wrong, ${of("doubted")} could not be told, ${of("harmless")} change nothing, ${of("failed")} could not be looked at), in ${seconds} s`,
  );
  return of("missed") + of("failed") === 0 ? 0 : 1;
}

process.exitCode = await main();
