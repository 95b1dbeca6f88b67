import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ENGINE_SOCKET = "/var/run/docker.sock";

/**
 * The container engine of this machine behind a socket of its own that lets nothing be removed: what is to go is noted, and answered as
 * gone already. So a test can ask what others' things would suffer.
 */
export class GuardedEngine {
  /** Paths of what was to be removed, in order: `/images/landfall%2Fpod%3A0123`. */
  readonly removals: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), "landfall-engine-"));
  private readonly server: Server;

  constructor() {
    this.server = createServer((asked, answer) => {
      const { method = "", url = "", headers } = asked;
      if (method === "DELETE") this.removals.push(decodeURIComponent(url));
      if (method === "DELETE" || /\/wait\b/.test(url)) {
        answer.writeHead(404, { "content-type": "application/json" }).end('{"message":"no such thing"}');
        return;
      }
      const passed = request({ socketPath: ENGINE_SOCKET, method, path: url, headers }, (came) => {
        answer.writeHead(came.statusCode ?? 500, came.headers);
        came.pipe(answer);
      });
      asked.pipe(passed);
    });
  }

  /** Begins, and gives the value of DOCKER_HOST that leads here. */
  async start(): Promise<string> {
    const path = join(this.folder, "engine.sock");
    await once(this.server.listen(path), "listening");
    return `unix://${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
    rmSync(this.folder, { recursive: true });
  }
}
