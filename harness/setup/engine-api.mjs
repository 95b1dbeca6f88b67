import { request } from "node:http";

/** Where the engine listens when DOCKER_HOST names nothing else. */
const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * Gives how to reach the engine: DOCKER_HOST, or the default socket. Null where DOCKER_HOST names a way that needs a client of its own
 * (ssh, TLS), or no address at all: such an engine is taken as it is, and what needs it says what is wrong.
 * @returns {{ socketPath: string } | { host: string, port: number } | null}
 */
export function engineAddress() {
  const named = process.env["DOCKER_HOST"];
  if (!named) return { socketPath: DEFAULT_SOCKET };
  if (named.startsWith("unix://")) return { socketPath: named.slice("unix://".length) };
  if (!named.startsWith("tcp://") || process.env["DOCKER_TLS_VERIFY"]) return null;
  if (!URL.canParse(named)) return null;
  const { hostname, port } = new URL(named);
  return { host: hostname, port: Number(port || 2375) };
}

/**
 * Asks the engine one thing over its HTTP API. Gives the status and the whole answer; rejects where it does not answer in time.
 * `timeoutMs` is how long it may be silent, not how long it may take.
 * @param {string} method
 * @param {string} path
 * @param {{ timeoutMs: number, body?: import("node:stream").Readable }} options
 * @returns {Promise<{ status: number, text: string }>}
 */
export function askEngine(method, path, { timeoutMs, body }) {
  const address = engineAddress();
  return new Promise((resolve, reject) => {
    const asked = request({ ...address, method, path, headers: body ? { "content-type": "application/x-tar" } : {} });
    asked.setTimeout(timeoutMs, () =>
      asked.destroy(new Error(`the engine did not answer within ${timeoutMs / 1000} s`)),
    );
    asked.on("error", reject);
    asked.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        text += part;
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    if (body) body.pipe(asked);
    else asked.end();
  });
}
