import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { AgentClient } from "./agent-client.ts";
import { unshareOptions } from "./namespace-settings.ts";

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
 * Rejects where unshare(1) is not there; where namespaces are forbidden the agent ends before it answers anything.
 */
export async function launchAgent(): Promise<LaunchedAgent> {
  const options = unshareOptions(process.geteuid?.() ?? 0);
  const child = spawn("unshare", [...options, "--", process.execPath, AGENT, "--private-run"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "close");
  // A program that cannot be started says so by an event.
  await once(child, "spawn");
  const agent = new AgentClient("the sandbox", child);
  return { agent, pid: child.pid ?? 0, ended };
}
