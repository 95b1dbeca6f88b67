import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import Docker from "dockerode";
import { expect, test } from "vitest";
import { waitForRemoval } from "../../../harness/sandbox/docker/engine-answers.ts";
import { PassingEngine } from "../../passing-engine.ts";

/** It never answers a wait: it gives a status line, and nothing after it. */
class SilentEngine extends PassingEngine {
  /** What was asked, in order: `wait`, `json`. */
  readonly asked: string[] = [];
  readonly waits = new EventTarget();

  protected answer({ url = "" }: IncomingMessage, answer: ServerResponse): "answered" | "not-answered" {
    const what = url.split(/[/?]/)[3] ?? "";
    this.asked.push(what);
    if (what !== "wait") return "not-answered";
    answer.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    this.waits.dispatchEvent(new Event("wait"));
    return "answered";
  }
}

const findGone = (host: string) =>
  new Docker({ socketPath: host.replace("unix://", "") }).getContainer("landfall-was-never-here");

test("a wait that the engine never answers ends when the container is found to be gone", async () => {
  await using engine = new SilentEngine();
  expect(await waitForRemoval(findGone(await engine.start()))).toBe(null);
  expect(engine.asked).toEqual(["wait", "json", "json"]);
});

test("a wait that is given up ends at once, and leaves no connection open", async () => {
  await using engine = new SilentEngine();
  const givenUp = new AbortController();
  const waiting = waitForRemoval(findGone(await engine.start()), givenUp.signal);
  await once(engine.waits, "wait");
  givenUp.abort();
  expect(await waiting).toBe(null);
  expect(engine.asked).toEqual(["wait"]);
});
