import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ENGINE_SOCKET = "/var/run/docker.sock";

/** The container engine of this machine behind a socket of its own, which may answer some questions itself. */
export abstract class PassingEngine {
  private readonly folder = mkdtempSync(join(tmpdir(), "landfall-engine-"));
  private readonly server: Server = createServer((asked, answer) => {
    if (this.answer(asked, answer) === "answered") return;
    const { method = "", url = "", headers } = asked;
    const passed = request({ socketPath: ENGINE_SOCKET, method, path: url, headers }, (came) => {
      answer.writeHead(came.statusCode ?? 500, came.headers);
      came.pipe(answer);
    });
    asked.pipe(passed);
  });

  /** Answers a question, or leaves it to the engine. */
  protected abstract answer(asked: IncomingMessage, answer: ServerResponse): "answered" | "not-answered";

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
