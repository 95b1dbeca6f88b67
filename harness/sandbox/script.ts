import { readFileSync } from "node:fs";
import type { CommandResult } from "../agent/protocol.ts";
import { LandfallError } from "../errors.ts";

/** How long a user's script may take. */
export const SCRIPT_TIMEOUT_MS = 60_000;

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

/** Throws `rules-refused` with what a script said where its status is not 0. */
export function checkScript(path: string, { status, stderr }: CommandResult): void {
  if (status === 0) return;
  const said = stderr.trim() || "it said nothing";
  throw new LandfallError("rules-refused", `the script ${path} ended with status ${status}: ${said}.`);
}
