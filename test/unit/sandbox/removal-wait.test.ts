import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitForRemoval } from "../../../harness/sandbox/docker/engine.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-engine-"));
const socketPath = join(folder, "engine.sock");
const asked: string[] = [];
/** This machine's engine, but for the first question, a wait: it gets a status line and nothing after it. */
const server = createServer((question, answer) => {
  const { method = "", url = "", headers } = question;
  asked.push(url);
  if (asked.length === 1) return answer.writeHead(200, { "content-type": "application/json" }).flushHeaders();
  const passed = request({ socketPath: "/var/run/docker.sock", method, path: url, headers }, (came) => {
    answer.writeHead(came.statusCode ?? 500, came.headers);
    came.pipe(answer);
  });
  question.pipe(passed);
});
beforeAll(() => once(server.listen(socketPath), "listening"));
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

const gone = () => new Docker({ socketPath }).getContainer("landfall-was-never-here");

test("a wait that the engine never answers ends when the container is found to be gone", async () => {
  expect(await waitForRemoval(gone())).toBe(null);
  expect(asked.map((url) => url.split(/[/?]/)[3])).toEqual(["wait", "json", "json"]);
});

test("a wait that is given up ends at once, and leaves no connection open", async () => {
  asked.length = 0;
  const givenUp = new AbortController();
  const waiting = waitForRemoval(gone(), givenUp.signal);
  await once(server, "request");
  givenUp.abort();
  expect(await waiting).toBe(null);
  expect(asked).toHaveLength(1);
});
