import { DEFAULT_MAX_FLOWS, planClasses } from "../../harness/run/classes/class-plan.ts";
import { type BoundScenario, bindScenario } from "../../harness/run/scenario/bound-scenario.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { IN_FLIGHT } from "../../harness/run/second-look.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import seed from "../../scenarios/seed.ts";
import { type Figure, makeFigure, median } from "./figure.ts";

const ROUNDS = 7;

/**
 * Measures what it costs to drive a flow of every class of the seed's flows, from nothing to the last landing and the sandbox gone, over
 * the same with the contract's boundary flows only. Both in network namespaces, in turn. Needs root.
 */
export async function measureClasses(): Promise<readonly Figure[]> {
  const parsed = parseScenario(seed, seed.name);
  if (!parsed.ok) throw new RangeError("the seed scenario cannot be read");
  const scenario = { ...parsed.value, flows: "boundaries" } as const;
  const bind = (sandbox: Sandbox) => bindScenario(scenario, sandbox.addresses);
  const complete = (sandbox: Sandbox): BoundScenario => {
    const bound = bind(sandbox);
    if (bound.installation.kind === "script") throw new RangeError("the seed scenario has no rules");
    return planClasses(bound, bound.installation.rules, sandbox.addresses, DEFAULT_MAX_FLOWS).scenario;
  };
  const rounds: { readonly boundaries: number; readonly classes: number }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ boundaries: await time(bind), classes: await time(complete) });
  const ratio = median(rounds.map(({ boundaries, classes }) => classes / boundaries));
  return [makeFigure("a flow of every class of the seed, netns", ratio, "× boundary flows only", 1.5)];
}

async function time(bind: (sandbox: Sandbox) => BoundScenario): Promise<number> {
  const from = performance.now();
  {
    await using sandbox = await openSandbox("netns");
    const bound = bind(sandbox);
    await sandbox.enter(bound.spec);
    await sandbox.install(bound.installation);
    const seen = await sandbox.drive(bound.flows, { inFlight: IN_FLIGHT });
    if (seen.some(({ landing }) => landing.kind === "could-not-look")) throw new Error("a flow could not be looked at");
  }
  return performance.now() - from;
}

if (import.meta.main) console.table(await measureClasses());
