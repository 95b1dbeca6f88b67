import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { LandfallError } from "../errors.ts";
import { AgentClient } from "./agent-client.ts";
import { readNamespaceSettings, unshareOptions } from "./namespace-settings.ts";
import { explainNetnsFailure } from "./netns-failure.ts";

/** A running agent in namespaces of its own. */
export interface LaunchedAgent {
  readonly agent: AgentClient;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<unknown>;
}

const AGENT = join(import.meta.dirname, "..", "agent", `main${extname(import.meta.filename)}`);

/**
 * Starts the agent in its own mount and network namespaces, without root in its own user namespace too.
 * Throws `environment` with the setting that forbids it.
 */
export async function launchAgent(): Promise<LaunchedAgent> {
  const options = unshareOptions(process.geteuid?.() ?? 0);
  const child = spawn("unshare", [...options, "--", process.execPath, AGENT, "--private-run"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "close");
  // A program that cannot be started says so by an event; `spawn` waits for either.
  await once(child, "spawn").catch((error: Error) => {
    throw makeLaunchError(error.message, error);
  });
  const agent = new AgentClient("the sandbox", child);
  return { agent, pid: child.pid ?? 0, ended };
}

/** Gives the error of a sandbox that cannot be had, from what was said. */
export function makeLaunchError(said: string, cause: unknown): LandfallError {
  const { why, remedy } = explainNetnsFailure(said, readNamespaceSettings());
  return new LandfallError("environment", `${why} ${remedy}`, { cause });
}
