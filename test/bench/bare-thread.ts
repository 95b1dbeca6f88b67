import { openSync } from "node:fs";
import { connect, createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { assumeOwner } from "../../harness/agent/identity.ts";
import { checkResult, KERNEL, setns } from "../../harness/agent/syscalls.ts";
import type { Owner } from "../../harness/model/pod.ts";

/** One end of bare connections, in a network namespace: no greeting, no record, no hops. */
export type BareRole =
  | { readonly role: "server"; readonly path: string; readonly owner: Owner; readonly port: number }
  | {
      readonly role: "client";
      readonly path: string;
      readonly owner: Owner;
      readonly port: number;
      readonly address: string;
    };

const end = workerData as BareRole;
checkResult(setns(openSync(end.path, "r"), KERNEL.CLONE_NEWNET), "setns", end.path);
assumeOwner(end.owner);
if (end.role === "server") serve(end.port);
else parentPort?.on("message", async (count: number) => parentPort?.postMessage(await connectInTurn(count)));

function serve(port: number): void {
  createServer((socket) => socket.end("x".repeat(200))).listen(port, "0.0.0.0", () => parentPort?.postMessage("up"));
}

/** Gives how long each of `count` connections took until its first byte had come, one after another. */
async function connectInTurn(count: number): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      const socket = connect(end.port, (end as Extract<BareRole, { role: "client" }>).address);
      socket.once("data", () => {
        socket.destroy();
        resolve();
      });
      socket.once("error", reject);
    });
    durations.push(performance.now() - start);
  }
  return durations;
}
