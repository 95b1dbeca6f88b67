import { parentPort, workerData } from "node:worker_threads";
import type { Owner } from "../model/pod.ts";
import { describeError } from "./fault.ts";
import { assumeOwner } from "./identity.ts";
import { ListenerSet, type ListenerSetOrder } from "./listener-set.ts";
import type { Seen } from "./protocol.ts";

/** What a listening thread is told: to open listeners, or to close them. */
export type ThreadOrder = ListenerSetOrder & { readonly id: number };

/** What a listening thread says: that an order was carried out or why not, or what its listeners have seen. */
export type ThreadNews = { readonly id: number; readonly fault: string | null } | { readonly records: readonly Seen[] };

/** The thread is the owner from its first step on: whatever it accepts later belongs to that owner. */
function serveOrders(port: NonNullable<typeof parentPort>): void {
  const say = (news: ThreadNews) => port.postMessage(news);
  const listeners = new ListenerSet((records) => say({ records }));
  const ownerFault = attempt(() => assumeOwner(workerData as Owner));
  port.on("message", (order: ThreadOrder) => {
    say({ id: order.id, fault: ownerFault ?? attempt(() => listeners.carryOut(order)) });
  });
}

/** Does it; gives why it failed, or null. */
function attempt(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return describeError(error);
  }
}

if (parentPort) serveOrders(parentPort);
