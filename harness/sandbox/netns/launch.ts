import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { getCompileCacheDir } from "node:module";
import { dirname, extname, join } from "node:path";
import { AgentClient } from "../agents/agent-client.ts";
import { renderNamespaceCommand } from "./namespace-settings.ts";

/** A running agent in namespaces of its own. */
export interface LaunchedAgent {
  readonly agent: AgentClient;
  /** A process in the agent's mount and user namespaces. */
  readonly pid: number;
  /** Ends the agent and everything it has started, and waits until they are gone. */
  readonly stop: () => Promise<void>;
}

const AGENT = join(import.meta.dirname, "../..", "agent", `main${extname(import.meta.filename)}`);
/** What an agent holds fits many times; without bounds V8 lets garbage lie, and a long run would seem to leak. */
const HEAP = ["--max-semi-space-size=2", "--max-old-space-size=96"];
/** An agent that does not end with its stdin within this time is killed. */
const STOP_TIMEOUT_MS = 2_000;

/**
 * Starts the agent in its own mount, network and pid namespaces, without root in its own user namespace too.
 * Rejects where a tool is not there; where namespaces are forbidden the agent ends before it answers anything.
 */
export async function launchAgent(): Promise<LaunchedAgent> {
  const program = [process.execPath, ...HEAP, AGENT, "--private-run"];
  const [command, ...args] = renderNamespaceCommand(process.geteuid?.() ?? 0, program);
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...compileCache() },
  });
  const ended = once(child, "close");
  // It rejects as well where the program cannot be started, which is told below.
  ended.catch(() => {});
  // A program that cannot be started says so by an event.
  await once(child, "spawn");
  const agent = new AgentClient("the sandbox", child);
  return { agent, pid: child.pid ?? 0, stop: () => stopAgent(agent, child, ended) };
}

/** The agent compiles into the same cache as this process, which halves its start, where this process has one. */
function compileCache(): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir();
  // Below the folder that is named, each version of Node makes one of its own.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}

async function stopAgent(agent: AgentClient, child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await agent[Symbol.asyncDispose]();
  await ended;
  clearTimeout(timer);
}
