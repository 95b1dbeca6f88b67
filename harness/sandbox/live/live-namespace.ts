import { existsSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type Docker from "dockerode";
import { LandfallError } from "../../errors.ts";
import { suggest } from "../../formats/option-check.ts";
import { engineFailed, unlessGone } from "../docker/engine-answers.ts";

/** A network namespace that somebody else keeps. */
export interface LiveNamespace {
  /** What a person calls it: a container's name, `process 4711`, the name of a namespace. */
  readonly name: string;
  /** The words that ask `landfall inspect` for it: `--pid 4711`. */
  readonly asked: readonly string[];
  /** The file that stands for it: `/proc/4711/ns/net`, `/run/netns/blue`. */
  readonly path: string;
  /** The container and its first process, as this machine counts; null where it was named otherwise. */
  readonly container: { readonly id: string; readonly name: string; readonly pid: number } | null;
}

/** Where `ip netns` keeps its names (ip-netns(8)). */
const NAMED_NAMESPACES = "/run/netns";

/**
 * Finds a running container's namespace, by its name or id. Throws `bad-input` where there is none, or it does not run, and `environment`
 * where the engine cannot be asked.
 *
 * @example
 * await findLiveContainer(connectEngine(), "web")
 * // { name: "web", path: "/proc/4711/ns/net", container: { id: "3f0c…", name: "web", pid: 4711 } }
 */
export async function findLiveContainer(engine: Docker, nameOrId: string): Promise<LiveNamespace> {
  const fail = (doing: string) => (error: unknown) => {
    throw engineFailed(doing, error);
  };
  const found = await unlessGone(engine.getContainer(nameOrId).inspect()).catch(
    fail(`look for the container ${nameOrId}`),
  );
  if (!found?.State.Running) {
    const running = await engine.listContainers().catch(fail("list containers"));
    const names = running.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, "")));
    const what = found ? `The container ${nameOrId} exists but is not running` : `There is no container ${nameOrId}`;
    throw new LandfallError("bad-input", `${what}; docker ps lists the running ones.${suggest(nameOrId, names)}`);
  }
  const pid = found.State.Pid;
  const name = found.Name.replace(/^\//, "");
  return { name, asked: [name], path: `/proc/${pid}/ns/net`, container: { id: found.Id, name, pid } };
}

/** Finds a process's namespace. Throws `bad-input` where there is no such process. */
export function findProcess(pid: string): LiveNamespace {
  const path = `/proc/${pid}/ns/net`;
  if (/^[1-9]\d*$/.test(pid) && existsSync(`/proc/${pid}`))
    return { name: `process ${pid}`, asked: ["--pid", pid], path, container: null };
  throw new LandfallError("bad-input", `There is no process ${pid}; give a number that ps lists.`);
}

/** Finds a namespace by the name that `ip netns` gave it, or by its file. Throws `bad-input` where there is none. */
export function findNamed(nameOrPath: string, workingDirectory: string): LiveNamespace {
  const isPath = nameOrPath.includes("/");
  const path = isPath ? resolve(workingDirectory, nameOrPath) : `${NAMED_NAMESPACES}/${nameOrPath}`;
  if (isThere(path)) return { name: nameOrPath, asked: ["--netns", nameOrPath], path, container: null };
  const names = listNamed();
  const known = names.length === 0 ? "ip netns lists none" : `ip netns lists ${names.join(", ")}`;
  const what = isPath
    ? `There is no namespace file ${nameOrPath}.`
    : `There is no network namespace ${nameOrPath}; ${known}.`;
  throw new LandfallError("bad-input", `${what}${isPath ? "" : suggest(nameOrPath, names)}`);
}

/** A file that this user may not look at is there; that it cannot be entered is told by who tries. */
function isThere(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}

/** Gives the names that `ip netns` lists. */
function listNamed(): readonly string[] {
  return existsSync(NAMED_NAMESPACES) ? readdirSync(NAMED_NAMESPACES) : [];
}
