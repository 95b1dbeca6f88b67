import type { Family } from "../model/address.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import type { AddressBook, KnownAddress } from "./address-book.ts";
import type { Entry } from "./entry.ts";
import type { Oracle } from "./oracle.ts";
import type { FindRoute, Route } from "./routing.ts";
import type { FindListener, Socket } from "./sockets.ts";

/** What a packet that leaves has to say before MASQUERADE chooses its source. */
export interface LeavingPacket {
  readonly family: Family;
  readonly out: Route["out"];
  readonly destination: KnownAddress;
}

/** What the pod answers about itself while a packet passes through it: addresses, routes, listeners. Its rules are not among that. */
export interface PodSurroundings {
  readonly book: AddressBook;
  /** Connection tracking is on for a family only where some rule needs it. */
  readonly conntrack: Readonly<Record<Family, "on" | "off">>;
  /** NAT is on for a family where there is a chain for it, whatever that holds (nf_nat_register_fn). */
  readonly translation: Readonly<Record<Family, "on" | "off">>;
  readonly findRoute: FindRoute;
  readonly findListener: FindListener;
  /**
   * Gives the interface by which packets to an address leave the pod, empty where it is the pod's own; or why that is not known. `iif`: the
   * interface that rules of policy routing see them come in by.
   */
  findReversePath(source: KnownAddress, iif: string): string | { readonly unknown: string };
  readonly spec: PodSpec;
  readonly addresses: SandboxAddresses;
  /** Gives the primary address of an interface; null where it has none of the family. */
  interfaceAddress(name: string, family: Family): string | null;
  /** Gives the source that the kernel chooses for what the pod sends to an address that is not its own. */
  sourceTowards(destination: KnownAddress): KnownAddress;
  /** Gives the source that MASQUERADE chooses for a packet that leaves by `packet.out`. */
  masqueradeAddress(packet: LeavingPacket): KnownAddress;
}

/** What matches, targets and conntrack may ask while a packet passes: the part of a walk that knows neither packets nor rules. */
export interface PacketSurroundings {
  readonly pod: PodSurroundings;
  readonly entries: Entry[];
  readonly oracle: Oracle;
  /** Sockets that this connection has made in the pod, for `-m socket` and TPROXY. */
  readonly sockets: Socket[];
}
