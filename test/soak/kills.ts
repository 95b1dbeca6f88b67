import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

const VICTIM = join(import.meta.dirname, "victim.ts");
/** Long enough for a victim to have driven flows, on a machine that does other things too. */
const LATEST_MOMENT_MS = 1_500;
const GONE_WITHIN_MS = 1_000;
const MARK = "LANDFALL_SOAK";

/** One run that was killed, and the processes it left a second later: their namespaces live as long as they do. */
export interface Killing {
  readonly momentMs: number;
  /** Processes of the run that lived when it was killed, itself among them. */
  readonly killed: number;
  readonly left: readonly string[];
}

/**
 * Starts runs one after another and kills each with SIGKILL at a random moment, every other one counted from when its agent is there;
 * gives what each has left behind.
 */
export async function killAtRandom(rounds: number): Promise<readonly Killing[]> {
  const killings: Killing[] = [];
  for (let round = 0; round < rounds; round++) {
    killings.push(await killOne(Math.random() * LATEST_MOMENT_MS, round % 2 === 0 ? "agent" : "start"));
  }
  return killings;
}

async function killOne(momentMs: number, from: "start" | "agent"): Promise<Killing> {
  const mark = `${MARK}=${randomUUID()}`;
  const [name = "", value = ""] = mark.split("=");
  const victim = spawn(process.execPath, [VICTIM], { env: { ...process.env, [name]: value }, stdio: "ignore" });
  while (from === "agent" && findProcesses(mark).length < 2) await setTimeout(5);
  await setTimeout(momentMs);
  const killed = findProcesses(mark).length;
  victim.kill("SIGKILL");
  await once(victim, "exit");
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (findProcesses(mark).length > 0 && Date.now() < deadline) await setTimeout(10);
  return { momentMs: Math.round(momentMs), killed, left: findProcesses(mark) };
}

/** Gives the command lines of all processes that carry a mark in their environment. */
function findProcesses(mark: string): readonly string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const isMarked = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
        return isMarked ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`] : [];
      } catch {
        return [];
      }
    });
}

if (import.meta.main) {
  const killings = await killAtRandom(Number(process.argv[2] ?? 20));
  console.table(killings.map(({ momentMs, killed, left }) => ({ momentMs, killed, left: left.length })));
  const residue = killings.flatMap(({ left }) => left);
  console.log(residue.length === 0 ? `${killings.length} runs killed, nothing left` : residue.join("\n"));
  process.exitCode = residue.length === 0 ? 0 : 1;
}
