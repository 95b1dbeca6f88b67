import type { IncomingMessage, ServerResponse } from "node:http";
import { PassingEngine } from "../../passing-engine.ts";

/**
 * The container engine of this machine behind a socket of its own that lets nothing be removed: what is to go is noted, and answered as
 * gone already. So a test can ask what others' things would suffer.
 */
export class GuardedEngine extends PassingEngine {
  /** Paths of what was to be removed, in order: `/images/landfall%2Fpod%3A0123`. */
  readonly removals: string[] = [];

  protected answer({ method, url = "" }: IncomingMessage, answer: ServerResponse): "answered" | "not-answered" {
    if (method === "DELETE") this.removals.push(decodeURIComponent(url));
    // Whoever takes hold of a kept world, to remove it, would take its mark.
    const isExec = /\/exec$/.test(url);
    if (method !== "DELETE" && !isExec && !/\/wait\b/.test(url)) return "not-answered";
    answer.writeHead(404, { "content-type": "application/json" }).end('{"message":"no such thing"}');
    return "answered";
  }
}
