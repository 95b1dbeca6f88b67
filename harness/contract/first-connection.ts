import type { Connection } from "../model/contract.ts";
import type { ResolvedFlow } from "../model/flow.ts";
import { hostOfActor } from "../model/pod.ts";
import type { PodShape } from "../model/pod-shape.ts";

/** Gives the connection that a flow begins with; a `vm` stands behind the first interface that the pod's shape names. */
export function firstConnection(flow: ResolvedFlow, { links }: Pick<PodShape, "links">): Connection {
  const startedOn = hostOfActor(flow.from.actor);
  const [link] = links;
  return {
    ...(link === undefined ? {} : { link }),
    family: flow.family,
    protocol: flow.protocol,
    startedOn,
    owner: { uid: flow.from.uid, gid: flow.from.gid, mark: flow.from.mark ?? 0 },
    source: flow.from.address,
    ...(flow.from.port === undefined ? {} : { sourcePort: flow.from.port }),
    destination: flow.to.address,
    port: flow.to.port,
  };
}
