import { existsSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { json } from "node:stream/consumers";
import type Docker from "dockerode";

/**
 * The few things that taking up a kept world asks an engine for. The engine's library can do all of it; that it need not be loaded is most
 * of what a second run saves. A refusal is an Error with the engine's words and a `statusCode`, as of the library.
 */
export interface EngineLink {
  /** Gives the running containers with a label: `landfall.world`, `landfall.made-from=3f2a`. */
  listRunning(label: string): Promise<readonly Docker.ContainerInfo[]>;
  /** Attaches to a container's first process; gives its stdin, with stdout and stderr in the engine's frames. */
  attach(container: string): Promise<Duplex>;
  /** Starts a process in a container; gives its stdin, with its stdout in the engine's frames. */
  exec(container: string, command: readonly string[]): Promise<Duplex>;
}

/** Gives a link through the engine's library. */
export function linkByLibrary(engine: Docker): EngineLink {
  return {
    listRunning: (label) => engine.listContainers({ filters: { label: [label] } }),
    attach: async (container) => {
      const options = { stream: true, stdin: true, stdout: true, stderr: true, hijack: true };
      return (await engine.getContainer(container).attach(options)) as Duplex;
    },
    exec: async (container, command) => {
      const options = { Cmd: [...command], AttachStdin: true, AttachStdout: true };
      const exec = await engine.getContainer(container).exec(options);
      return exec.start({ hijack: true, stdin: true });
    },
  };
}

/**
 * Gives the path of the engine's socket, as the library finds it; null where DOCKER_HOST names another kind of address, or there is no such
 * socket.
 */
export function findEngineSocket(environment = process.env): string | null {
  const { DOCKER_HOST: named = "" } = environment;
  if (named !== "" && !named.startsWith("unix://")) return null;
  const own = join(homedir(), ".docker/run/docker.sock");
  const path = named.slice("unix://".length) || (existsSync(own) ? own : "/var/run/docker.sock");
  return existsSync(path) ? path : null;
}

/** Gives a link through the engine's socket, by the calls of its API as they are ("Docker Engine API", v1.41). */
export function linkBySocket(socketPath: string): EngineLink {
  const ask = (method: string, path: string, body?: object) => send({ socketPath, method, path }, body);
  return {
    listRunning: async (label) => {
      const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
      return (await readJson(await ask("GET", `/containers/json?filters=${filters}`))) as Docker.ContainerInfo[];
    },
    attach: (container) =>
      upgrade(ask("POST", `/containers/${container}/attach?stream=1&stdin=1&stdout=1&stderr=1`, {})),
    exec: async (container, command) => {
      const options = { Cmd: command, AttachStdin: true, AttachStdout: true };
      const { Id } = (await readJson(await ask("POST", `/containers/${container}/exec`, options))) as { Id: string };
      return upgrade(ask("POST", `/exec/${Id}/start`, { Detach: false, Tty: false }));
    },
  };
}

/** What the engine answers with: a message, or a connection that is ours from there on. */
type Answer = IncomingMessage | Duplex;

function send(to: { readonly socketPath: string; readonly method: string; readonly path: string }, body?: object) {
  const isUpgrade = /\/(attach|start)\b/.test(to.path);
  // An import would also load all that `node:http` exports and this does not need, undici among it, for a tenth of a second (Node 24).
  const { request } = process.getBuiltinModule("node:http");
  return new Promise<Answer>((resolve, reject) => {
    const headers = {
      Host: "localhost",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(isUpgrade ? { Connection: "Upgrade", Upgrade: "tcp" } : {}),
    };
    const asked = request({ ...to, headers, agent: false });
    asked.on("error", reject).on("response", resolve);
    asked.on("upgrade", (_, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function readJson(answer: Answer): Promise<unknown> {
  if (!("statusCode" in answer)) throw new Error("the engine took a question for a connection");
  const { statusCode = 0 } = answer;
  const said = (await json(answer)) as { readonly message?: string };
  if (statusCode < 300) return said;
  throw Object.assign(new Error(said.message ?? `status ${statusCode}`), { statusCode });
}

async function upgrade(asked: Promise<Answer>): Promise<Duplex> {
  const answer = await asked;
  if (!("statusCode" in answer)) return answer as Duplex;
  throw new Error(`the engine answered a connection with ${JSON.stringify(await readJson(answer))}`);
}
