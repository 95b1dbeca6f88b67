import { loadScenarios, SCENARIO_FOLDER } from "../../harness/cli/verify/scenarios.ts";
import { LandfallError } from "../../harness/errors.ts";
import { listNftTables, NO_RULES } from "../../harness/model/ruleset.ts";
import { type ParsedScenario, parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { listScenarioFiles } from "../../harness/run/scenario/scenario-files.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { openDice } from "./dice.ts";
import { drawHole } from "./hole.ts";
import { type HoleOutcome, judgeHole } from "./judge-hole.ts";

/** A hole with its number, the scenario whose config it was made in, and what became of it. */
export interface JudgedHole {
  readonly seed: number;
  readonly scenario: string;
  readonly text: string;
  readonly outcome: HoleOutcome;
}

/** The different capture configs of the built-in scenarios, each with the rules that are generated from it. */
async function loadConfigs(): Promise<readonly ParsedScenario[]> {
  const known = new Map<string, ParsedScenario>();
  for (const { file, scenario } of await loadScenarios(listScenarioFiles(SCENARIO_FOLDER), { err: () => {} })) {
    const parsed = parseScenario(scenario, file);
    if (!parsed.ok) throw new Error(`${file} cannot be read`);
    const { capture } = parsed.value;
    // The one thing that Istio's own rules do not do: with TPROXY they take a virtual machine's connection twice.
    const isTransparent = capture.shape.listeners.some(({ mode }) => mode === "transparent");
    if (isTransparent && capture.shape.links.length > 0) continue;
    // A hole is a rule of iptables.
    if (capture.generated !== null && listNftTables(capture.generated).length > 0) continue;
    const installation = { kind: "rules", rules: capture.generated ?? NO_RULES } as const;
    known.set(JSON.stringify([capture.mesh, capture.settings]), { ...parsed.value, flows: "boundaries", installation });
  }
  return [...known.values()];
}

/** Which holes are drawn: `count` of them from a seed on, in the rules of one mesh where one is named. */
export interface HolesAsked {
  readonly first: number;
  readonly count: number;
  /** Processors to keep busy. */
  readonly jobs: number;
  readonly mesh?: string;
}

/** Live worlds for each processor: most of a hole's time goes by waiting for flows that nobody answers. */
const WORLDS_PER_JOB = 4;

/** Judges holes with the seeds from `first` on, in four live worlds for each job; a hole that the kernel refuses is drawn again. */
export async function judgeHoles(
  { first, count, jobs, mesh }: HolesAsked,
  tell: (judged: JudgedHole) => void,
): Promise<readonly JudgedHole[]> {
  const configs = (await loadConfigs()).filter(({ capture }) => mesh === undefined || capture.mesh === mesh);
  const judged: JudgedHole[] = [];
  const seeds = Array.from({ length: count }, (_, i) => first + i).values();
  const work = async () => {
    let sandbox = await startSandbox();
    for (const seed of seeds) {
      const replaceWorld = async (error: unknown) => {
        if (!(error instanceof LandfallError) || error.code !== "agent-failed") throw error;
        await sandbox[Symbol.asyncDispose]();
        sandbox = await startSandbox();
        return error;
      };
      // A world whose agent is too slow for a busy machine is replaced, and the hole drawn once more.
      const one = await judgeSeed(seed, configs, sandbox).catch(async (first) => {
        await replaceWorld(first);
        return judgeSeed(seed, configs, sandbox).catch(async (second): Promise<JudgedHole> => {
          const { message: why } = await replaceWorld(second);
          return { seed, scenario: "", text: "", outcome: { kind: "failed", why } };
        });
      });
      judged.push(one);
      tell(one);
    }
    await sandbox[Symbol.asyncDispose]();
  };
  await Promise.all(Array.from({ length: Math.min(jobs * WORLDS_PER_JOB, count) }, work));
  return judged.toSorted((one, other) => one.seed - other.seed);
}

/** Starts a live world; on a busy machine, after it has failed twice, once more. */
async function startSandbox(attempts = 3): Promise<AgentSandbox> {
  try {
    return new AgentSandbox(await startNetnsWorld());
  } catch (error) {
    if (attempts === 1 || !(error instanceof LandfallError) || error.code !== "agent-failed") throw error;
    return startSandbox(attempts - 1);
  }
}

async function judgeSeed(seed: number, configs: readonly ParsedScenario[], sandbox: AgentSandbox): Promise<JudgedHole> {
  const dice = openDice(seed);
  for (;;) {
    const base = dice.pick(configs);
    if (base.installation.kind === "script") throw new TypeError("a script's rules are not known");
    const hole = drawHole(dice, base.installation.rules);
    try {
      const outcome = await judgeHole(base, hole, dice, sandbox);
      return { seed, scenario: base.name, text: hole.text, outcome };
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== "rules-refused") throw error;
    }
  }
}
