import { readFileSync } from "node:fs";
import type { CommandOutcome } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";

/** How long a user's script may take. */
const SCRIPT_TIMEOUT_MS = 60_000;

/**
 * Gives the words that run a script: its own `#!` line's interpreter, else `sh`, and its path. The file need not be executable.
 *
 * @example
 * readScriptCommand("/tmp/rules.sh")   // ["/bin/bash", "-e", "/tmp/rules.sh"]
 */
export function readScriptCommand(path: string): readonly string[] {
  const [firstLine = ""] = readFileSync(path, "utf8").split("\n", 1);
  const interpreter = /^#!\s*(\S.*)$/.exec(firstLine)?.[1]?.trim().split(/\s+/) ?? ["sh"];
  return [...interpreter, path];
}

/**
 * Gives the environment of a user's script on this machine: where programs are, and a home that is not the user's own. Nothing else of
 * landfall's environment, which may hold secrets, is passed on.
 */
export function makeScriptEnvironment(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return { PATH: environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/", LANG: "C.UTF-8" };
}

/**
 * Waits for the end of a user's script, which `run` starts with the time it may take. Throws `rules-refused`, with what it said, where its
 * status is not 0, and where it has not ended in time.
 */
export async function runScript(
  path: string,
  run: (timeoutMs: number) => Promise<CommandOutcome>,
  timeoutMs = SCRIPT_TIMEOUT_MS,
): Promise<void> {
  const { status, stderr } = await run(timeoutMs).catch((error) => Promise.reject(nameScript(error, path, timeoutMs)));
  if (status === 0) return;
  const said = stderr.trim() || "it printed no message";
  throw new LandfallError("rules-refused", `the script ${path} ended with status ${status}: ${said}.`);
}

function nameScript(cause: unknown, path: string, timeoutMs: number): unknown {
  if (!(cause instanceof LandfallError) || cause.code !== "rules-refused") return cause;
  const message = `the script ${path} did not end within ${timeoutMs / 1000} s and was killed.`;
  return new LandfallError("rules-refused", message, { cause });
}
