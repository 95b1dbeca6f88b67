import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginToConnect, openConnection } from "../../../harness/agent/sockets.ts";
import { close, KERNEL } from "../../../harness/agent/syscalls.ts";

let server: Server;
let port: number;

beforeAll(async () => {
  server = createServer(() => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => server.close());

test("connect, repeated after a signal, gives the connection that the first call made", async () => {
  const target = { address: "127.0.0.1", port };
  const opened = openConnection(target, null);
  if (!("fd" in opened)) throw new Error(`errno ${opened.errno}`);
  await once(server, "connection");
  expect([0, KERNEL.EINPROGRESS]).toContain(beginToConnect(opened.fd, target));
  expect(beginToConnect(opened.fd, target)).toBe(0);
  close(opened.fd);
});

test("a connection may come from a port on which its own host listens", async () => {
  const listener = createServer(() => {});
  listener.listen(0);
  await once(listener, "listening");
  const address = listener.address();
  const own = typeof address === "object" && address !== null ? address.port : 0;
  const seen = once(server, "connection") as Promise<[Socket]>;
  const opened = openConnection({ address: "127.0.0.1", port }, null, { port: own, mark: 0 });
  if (!("fd" in opened)) throw new Error(`errno ${opened.errno}`);
  const [socket] = await seen;
  expect(socket.remotePort).toBe(own);
  socket.destroy();
  close(opened.fd);
  listener.close();
});
