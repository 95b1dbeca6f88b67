import type { Dial, DialResult } from "../../agent/protocol.ts";
import { renderEndpoint } from "../../model/address.ts";
import type { Landing } from "../../model/landing.ts";
import type { FlowRequest, Observation } from "../sandbox.ts";
import type { DrivenFlow } from "./passages.ts";

/**
 * How long a flow that is driven alone may take to connect at first. Envoy accepts at once, so that only what no listener answers takes
 * longer; those flows then share one full wait.
 */
const FIRST_LOOK_MS = 50;

/** Drives flows: `alone` one flow, completed by Envoy's log; `together` flows for which the log is not asked. */
export type DriveFlows = (
  requests: readonly FlowRequest[],
  way: "alone" | "together",
) => Promise<readonly Observation[]>;

/** Drives flows beside a real Envoy, which takes no datagrams: those are driven together; gives the observations in the order asked. */
export async function driveBesideEnvoy(
  requests: readonly FlowRequest[],
  drive: DriveFlows,
): Promise<readonly Observation[]> {
  const datagrams = requests.filter(({ flow }) => flow.protocol !== "tcp");
  const connections = requests.filter(({ flow }) => flow.protocol === "tcp");
  const exchanged = datagrams.length > 0 ? await drive(datagrams, "together") : [];
  const connected = await driveConnections(connections, drive);
  const [others, made] = [exchanged.values(), connected.values()];
  return requests.flatMap(({ flow }) => (flow.protocol === "tcp" ? made : others).next().value ?? []);
}

/**
 * Drives connections beside a real Envoy, one at a time, since a loop opens Envoy's circuit breaker for every flow beside it; gives the
 * observations in the order asked. Flows that nothing answers wait together: such a flow has met no Envoy. One that is connected in the
 * second look after all is driven once more, alone and with the full time.
 */
async function driveConnections(requests: readonly FlowRequest[], drive: DriveFlows): Promise<readonly Observation[]> {
  const observations: Observation[] = [];
  for (const request of requests) {
    const connectTimeoutMs = Math.min(request.connectTimeoutMs ?? FIRST_LOOK_MS, FIRST_LOOK_MS);
    observations.push(...(await drive([{ ...request, connectTimeoutMs }], "alone")));
  }
  const silent = observations.flatMap(({ landing }, i) => (isSilent(landing, requests[i]) ? [i] : []));
  if (silent.length === 0) return observations;
  const second = await drive(
    silent.flatMap((i) => requests[i] ?? []),
    "together",
  );
  for (const [place, i] of silent.entries()) {
    const [request, seen] = [requests[i], second[place]];
    if (!request || !seen) continue;
    const [final] = isUnconnected(seen) ? [seen] : await drive([request], "alone");
    if (final) observations[i] = final;
  }
  return observations;
}

/** Says whether a flow got no answer at all, and was not given all the time that it may have. */
function isSilent({ kind, hops }: Observation["landing"], request: FlowRequest | undefined): boolean {
  return (
    kind === "timed-out" && hops.length === 0 && (request?.connectTimeoutMs ?? Number.POSITIVE_INFINITY) > FIRST_LOOK_MS
  );
}

/** Says whether no connection was made: then no Envoy has taken the flow. */
function isUnconnected({ landing: { kind } }: Observation): boolean {
  return kind === "timed-out" || kind === "refused" || kind === "unreachable";
}

/** Gives a driven flow as its two ends know it; `landing` is the one that both ends confirm. */
export function describeDriven(dial: Dial, { local }: DialResult, landing: Landing): DrivenFlow {
  return { local, dialled: renderEndpoint(dial.address, dial.port), landing };
}
