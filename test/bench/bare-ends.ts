import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { FlowProtocol } from "../../harness/model/flow.ts";
import type { BareRole } from "./bare-thread.ts";

/** Where the bare server stands in a listener's place, so that both go by a rule set of the same kind. */
export const BARE_PORT = 17001;

/**
 * Starts both ends of bare connections or exchanges in a pod's namespace: a server on {@link BARE_PORT}, and the app that dials an end
 * point which rules bring there.
 */
export async function startBareEnds(
  protocol: FlowProtocol,
  path: string,
  { address, port }: { readonly address: string; readonly port: number },
) {
  const startEnd = (workerData: BareRole) => new Worker(new URL("bare-thread.ts", import.meta.url), { workerData });
  const server = startEnd({ role: "server", protocol, path, owner: { uid: 1337, gid: 1337 }, port: BARE_PORT });
  await once(server, "message");
  const client = startEnd({ role: "client", protocol, path, owner: { uid: 1000, gid: 1000 }, port, address });
  return {
    dialInTurn: async (count: number): Promise<readonly number[]> => {
      client.postMessage(count);
      return (await once(client, "message"))[0];
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all([server.terminate(), client.terminate()])),
  };
}
