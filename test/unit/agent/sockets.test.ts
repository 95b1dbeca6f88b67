import { once } from "node:events";
import { createServer, type Server } from "node:net";
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
