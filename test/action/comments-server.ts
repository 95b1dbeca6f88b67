import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Comment {
  readonly url: string;
  readonly body: string;
}

/** Stands in for GitHub's API of a pull request's comments, which no test can reach: keeps them, and says what was asked. */
export class CommentsServer {
  /** The comments there are, oldest first. */
  readonly comments: Comment[] = [];
  /** What was asked for: `POST /repos/o/r/issues/7/comments`. */
  readonly asked: string[] = [];
  /** Whether a token may write; one of a pull request from a fork may not. */
  mayWrite = true;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  /** Gives the address of the API once it listens, on a free port of 127.0.0.1. */
  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ""] = (request.url ?? "").split("?");
    const { method } = request;
    this.asked.push(`${method} ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (method !== "GET" && !this.mayWrite) return void response.writeHead(403).end("{}");
    const url = `http://${request.headers.host}${path}`;
    const at = this.comments.findIndex((comment) => comment.url === url);
    const text = Buffer.concat(chunks).toString();
    const { body } = text === "" ? { body: "" } : (JSON.parse(text) as { readonly body: string });
    if (method === "POST") this.comments.push({ url: `${new URL(url).origin}/comments/${this.asked.length}`, body });
    if (method === "PATCH") this.comments.splice(at, 1, { url, body });
    if (method === "DELETE") this.comments.splice(at, 1);
    response.writeHead(method === "DELETE" ? 204 : 200, { "content-type": "application/json" });
    response.end(method === "GET" ? JSON.stringify(this.comments) : method === "DELETE" ? "" : "{}");
  }
}
