import { randomUUID } from "node:crypto";
import { hostOfActor, isLoopback, type SandboxAddresses } from "../../model/pod.ts";
import type { FlowRequest } from "../sandbox.ts";
import type { Station } from "../station.ts";
import type { PlannedDial } from "./dial-batches.ts";

/**
 * How long a connection may take to be made; beyond it the flow has `timed-out`. The kernel sends a lost SYN again after 1 s (RFC 6298),
 * and a REJECT in OUTPUT is heeded only then (tcp_v4_err: the socket is busy connecting). The next SYN would follow at 3 s, so waiting
 * any longer than a little over 1 s tells nothing more.
 */
export const CONNECT_TIMEOUT_MS = 1_500;

/** How long a datagram's answer may take: nothing is sent again, so that only a busy machine needs any time at all. */
export const DATAGRAM_TIMEOUT_MS = 700;

/** Gives the dial of a flow that starts from a station, with a token of its own. */
export function planDial(
  { flow, manner, connectTimeoutMs: given }: FlowRequest,
  station: Station,
  addresses: SandboxAddresses,
): PlannedDial {
  const { agent, namespace } = station;
  const { actor, uid, gid, address, port: sourcePort = null, mark = 0 } = flow.from;
  const { protocol, exchange = "first" as const } = flow;
  const timeoutMs = given ?? (protocol === "tcp" ? CONNECT_TIMEOUT_MS : DATAGRAM_TIMEOUT_MS);
  const own = addresses[hostOfActor(actor)][flow.family];
  const dial = { token: randomUUID(), protocol, exchange, manner, namespace, owner: { uid, gid }, timeoutMs };
  const { address: target, port } = flow.to;
  // To loopback the route would choose a loopback source, so the host's own address is one to be bound there.
  const source = address === own && !isLoopback(target) ? null : address;
  return { agent, dial: { ...dial, source, sourcePort, mark, address: target, port } };
}
