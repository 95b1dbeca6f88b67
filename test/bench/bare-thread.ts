import { createSocket } from "node:dgram";
import { openSync } from "node:fs";
import { connect, createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { assumeOwner } from "../../harness/agent/identity.ts";
import { checkResult, KERNEL, setns } from "../../harness/agent/syscalls.ts";
import type { FlowProtocol } from "../../harness/model/flow.ts";
import type { Owner } from "../../harness/model/pod.ts";

/** One end of bare connections or exchanges of datagrams, in a network namespace: no greeting, no record, no hops. */
export type BareRole =
  | {
      readonly role: "server";
      readonly protocol: FlowProtocol;
      readonly path: string;
      readonly owner: Owner;
      readonly port: number;
    }
  | {
      readonly role: "client";
      readonly protocol: FlowProtocol;
      readonly path: string;
      readonly owner: Owner;
      readonly port: number;
      readonly address: string;
    };

const end = workerData as BareRole;
checkResult(setns(openSync(end.path, "r"), KERNEL.CLONE_NEWNET), "setns", end.path);
assumeOwner(end.owner);
const [serve, dial] = end.protocol === "tcp" ? [serveConnections, connectOnce] : [serveDatagrams, exchangeOnce];
if (end.role === "server") serve(end.port);
else parentPort?.on("message", async (count: number) => parentPort?.postMessage(await dialInTurn(count)));

function serveDatagrams(port: number): void {
  const socket = createSocket("udp4");
  socket.on("message", (_, { address, port: from }) => socket.send("x".repeat(200), from, address));
  // A socket on all addresses would answer from the pod's own, and connection tracking would not know the answer.
  socket.bind(port, "127.0.0.1", () => parentPort?.postMessage("up"));
}

function serveConnections(port: number): void {
  createServer((socket) => socket.end("x".repeat(200))).listen(port, "0.0.0.0", () => parentPort?.postMessage("up"));
}

/** Gives how long each of `count` connections or exchanges took until the answer had come, one after another. */
async function dialInTurn(count: number): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await dial(end as Extract<BareRole, { role: "client" }>);
    durations.push(performance.now() - start);
  }
  return durations;
}

function connectOnce({ port, address }: Extract<BareRole, { role: "client" }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}

/** A socket of its own for each, connected, as a flow has. */
function exchangeOnce({ port, address }: Extract<BareRole, { role: "client" }>): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("message", () => socket.close(() => resolve()));
    socket.once("error", reject);
    socket.connect(port, address, () => socket.send("x".repeat(100)));
  });
}
