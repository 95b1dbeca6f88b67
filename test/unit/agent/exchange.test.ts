import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Closing, exchange } from "../../../harness/agent/exchange.ts";
import { makeRepliedLanding } from "../../../harness/agent/landings.ts";
import { openConnection } from "../../../harness/agent/sockets.ts";

const LANDING = makeRepliedLanding([]);

/** Gives how two connections with the same ends fare, one after the other, where the listener closes some time after its answer. */
async function connectTwice(closing: Closing): Promise<readonly string[]> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once("data", (chunk) => {
      socket.write(`${JSON.stringify({ token: JSON.parse(String(chunk)).token, landing: LANDING })}\n`);
      void setTimeout(30).then(() => socket.end());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = server.address() as { readonly address: string; readonly port: number };
  const source = await chooseFreePort();
  const landings: string[] = [];
  for (const token of ["first", "second"]) {
    const greeting = { token, manner: "answer", timeoutMs: 1000, hops: [] } as const;
    const open: typeof openConnection = (to) => openConnection(to, "127.0.0.1", { port: source, mark: 0 });
    const { kind, code } = await exchange(target, "127.0.0.1", greeting, open, closing);
    landings.push(code ?? kind);
  }
  server.close();
  return landings;
}

async function chooseFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}

test("a connection that closes last leaves its two ends to the next one", async () => {
  expect(await connectTwice("last")).toEqual(["replied", "replied"]);
});

test("one that closes first keeps them", async () => {
  expect(await connectTwice("at-once")).toEqual(["replied", "socket-failed"]);
});
