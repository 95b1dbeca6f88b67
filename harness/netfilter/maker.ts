import type { Owner } from "../model/pod.ts";
import type { Oracle } from "./oracle.ts";

/** Who made a packet: a socket with a file and so an owner, a kernel socket without file, or (forwarded, received) none here. */
export type Maker = Owner | "kernel" | "none";

/**
 * A socket that its listener has accepted by now or not: before it has, there is no file, and rules see no socket. `matters` says whether
 * anything comes of which of the two it is.
 */
export interface NewSocket {
  readonly acceptedBy: Owner;
  readonly matters: () => boolean;
}

/** What a packet knows of its maker, and who answers what it does not know. */
interface MadePacket {
  maker: Maker | NewSocket;
  readonly walk: { readonly oracle: Oracle };
}

/**
 * Gives who made a packet, as rules see it (owner_mt in xt_owner.c). Whether a listener was quicker than the request is asked of the
 * walk's oracle, once, and only where that matters: all the rules that the packet meets go by the one answer.
 */
export function settleMaker(packet: MadePacket): Maker {
  const { maker } = packet;
  if (typeof maker === "string" || !("acceptedBy" in maker)) return maker;
  const chosen = chooseMaker(maker, packet);
  packet.maker = chosen;
  return chosen;
}

function chooseMaker({ acceptedBy, matters }: NewSocket, { walk }: MadePacket): Maker {
  if (!matters()) return acceptedBy;
  return walk.oracle.ask("whether the listener accepts before the request comes") ? acceptedBy : "none";
}
