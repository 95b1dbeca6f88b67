import { readFileSync } from "node:fs";
import type { CommandSpec } from "../agent/protocol.ts";
import { LandfallError } from "../errors.ts";
import type { AgentClient } from "./agent-client.ts";

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
 * Runs a user's script by this command and waits for its end. Throws `rules-refused`, with what it said, where its status is not 0, and
 * where it has not ended in time.
 */
export async function runScript(
  agent: AgentClient,
  path: string,
  command: Omit<CommandSpec, "timeoutMs" | "timeoutFault">,
  timeoutMs = SCRIPT_TIMEOUT_MS,
): Promise<void> {
  const run = agent.call("run", { ...command, timeoutMs, timeoutFault: "rules-refused" });
  const { status, stderr } = await run.catch((error) => Promise.reject(nameScript(error, path, timeoutMs)));
  if (status === 0) return;
  const said = stderr.trim() || "it said nothing";
  throw new LandfallError("rules-refused", `the script ${path} ended with status ${status}: ${said}.`);
}

function nameScript(cause: unknown, path: string, timeoutMs: number): unknown {
  if (!(cause instanceof LandfallError) || cause.code !== "rules-refused") return cause;
  const message = `the script ${path} did not end within ${timeoutMs / 1000} s and was killed.`;
  return new LandfallError("rules-refused", message, { cause });
}
