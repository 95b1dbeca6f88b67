import { Socket } from "node:net";
import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import { ConnectionWatch } from "./connection-watch.ts";
import { describeError } from "./fault.ts";
import { type Answer, type Greeting, HOPS_AT_MOST } from "./greeting.ts";
import { makeBlindLanding, makeFailureLanding, makeTimedOutLanding, makeUnansweredLanding } from "./landings.ts";
import { type Endpoint, renderEndpoint } from "./socket-address.ts";
import { openConnection } from "./sockets.ts";

/**
 * How long a made connection waits for its answer beyond the time the farthest dial may take, for each passage through the stub that may
 * still lie ahead: whoever is nearer to the trouble reports it first.
 */
const ANSWER_SLACK_MS = 250;

/**
 * Makes one connection, greets, and gives the landing that the far end answers, or the way in which the connection failed.
 * Never throws. `open` must make the socket at once, in the namespace and for the owner it belongs to.
 *
 * Whoever closes first keeps both ends of the connection to itself for a minute (TIME_WAIT, RFC 9293, 3.6.1). With `closing` `"last"` the
 * other side has closed before this one does, so that a later connection may have the same two ends, and connection tracking takes it for
 * a new one (net/netfilter/nf_conntrack_proto_tcp.c, IP_CT_TCP_FLAG_CLOSE_INIT).
 */
export async function exchange(
  target: Endpoint,
  source: string | null,
  greeting: Greeting,
  open: OpenConnection = openConnection,
  closing: Closing = "at-once",
): Promise<Landing> {
  const what = `connect to ${renderEndpoint(target)}${source === null ? "" : ` from ${source}`}`;
  try {
    const opened = open(target, source);
    if ("errno" in opened) return makeFailureLanding(getSystemErrorName(-opened.errno), greeting.hops, what);
    return completeAnswer(await converse(opened.fd, greeting, what, closing), target, greeting);
  } catch (error) {
    return makeBlindLanding("socket-failed", `cannot ${what}: ${describeError(error)}`, greeting.hops);
  }
}

/** Makes the socket of an exchange. */
export type OpenConnection = typeof openConnection;

/** When a connection is closed: once its answer is there, or once the other side has closed it as well. */
export type Closing = "at-once" | "last";

/**
 * The socket is handed to Node while it is still connecting: the kernel answers EAGAIN to reads and writes until the connection is made
 * (net/ipv4/tcp.c), and its error comes with the first event.
 */
function converse(fd: number, greeting: Greeting, what: string, closing: Closing): Promise<Landing> {
  return new Promise((resolve) => {
    const watch = new ConnectionWatch(fd);
    const socket = new Socket({ fd });
    let text = "";
    let answer: Landing | null = null;
    let isSettled = false;
    const settle = (landing: Landing) => {
      isSettled = true;
      clearTimeout(timer);
      socket.destroy();
      watch.close();
      resolve(landing);
    };
    // Events that are already there come first: a busy thread must not make a time-out.
    const startTimer = (timeoutMs: number, act: () => void) =>
      setTimeout(() => setImmediate(() => isSettled || act()), timeoutMs);
    let timer = startTimer(greeting.timeoutMs, () => {
      if (watch.readState() === "not-connected") return settle(readAbsence(watch, greeting, what));
      timer = startTimer(answerTimeoutMs(greeting), () =>
        settle(answer ?? makeUnansweredLanding(greeting.hops, watch.readDelivery())),
      );
    });
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.endsWith("\n")) return;
      answer = readAnswer(text, greeting, what);
      if (closing === "at-once") settle(answer);
    });
    socket.on("end", () => isSettled || settle(answer ?? makeUnfinishedLanding(greeting, what)));
    socket.on(
      "error",
      (error: NodeJS.ErrnoException) => isSettled || settle(answer ?? readFailure(error, watch, greeting, what)),
    );
    socket.write(`${JSON.stringify(greeting)}\n`);
  });
}

function makeUnfinishedLanding({ hops }: Greeting, what: string): Landing {
  return makeBlindLanding("no-proper-answer", `${what}: closed without an answer`, hops);
}

function answerTimeoutMs({ timeoutMs, hops, manner }: Greeting): number {
  const connectionsAhead = manner === "forward" ? HOPS_AT_MOST + 1 - hops.length : 1;
  return timeoutMs + connectionsAhead * ANSWER_SLACK_MS;
}

/** Nothing has come of the connection in time, unless an ICMP error has that the kernel keeps to itself until the SYN is sent again. */
function readAbsence(watch: ConnectionWatch, { hops }: Greeting, what: string): Landing {
  const errno = watch.readError();
  return errno === 0 ? makeTimedOutLanding(hops) : makeFailureLanding(getSystemErrorName(-errno), hops, what);
}

/** Rules reset a connection before anything gets through; whoever resets it later has had the greeting, and owes an answer. */
function readFailure(error: NodeJS.ErrnoException, watch: ConnectionWatch, { hops }: Greeting, what: string): Landing {
  const landing = makeFailureLanding(error.code ?? error.message, hops, what);
  if (landing.kind !== "reset" || watch.readDelivery() === "not-delivered") return landing;
  return makeBlindLanding(
    "no-proper-answer",
    `${what}: the other side read the greeting and reset the connection`,
    hops,
  );
}

/**
 * A listener on another host cannot know what was dialled where rules of the pod have translated it: who dialled it does. A landing with
 * more hops is another connection's, and its own dialler has completed it.
 */
export function completeAnswer(landing: Landing, target: Endpoint, { hops }: Greeting): Landing {
  const { kind, host, address, port } = landing;
  if (kind !== "listener" || host === "pod" || landing.hops.length > hops.length) return landing;
  const isDialled = address === target.address && port === target.port;
  return { ...landing, originalDestination: isDialled ? null : renderEndpoint(target) };
}

/** Reads the answer that the far end has sent for a flow; `could-not-look` where it is not one, or another flow's. */
export function readAnswer(text: string, greeting: Greeting, what: string): Landing {
  try {
    const answer = JSON.parse(text) as Partial<Answer>;
    // A socket that dials the very address and port it is bound to is connected to itself (RFC 9293, 3.5, simultaneous open).
    if (answer.landing === undefined)
      return makeBlindLanding("no-proper-answer", `${what}: the socket was connected to itself`, greeting.hops);
    if (answer.token === greeting.token) return answer.landing;
    return makeBlindLanding("no-proper-answer", `${what}: the answer belongs to another flow`, greeting.hops);
  } catch {
    return makeBlindLanding(
      "no-proper-answer",
      `${what}: unexpected answer from an unknown program: ${JSON.stringify(text.slice(0, 80))}`,
      greeting.hops,
    );
  }
}
