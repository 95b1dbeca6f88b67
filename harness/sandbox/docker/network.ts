import type Docker from "dockerode";
import { LandfallError } from "../../errors.ts";
import { engineFailed, unlessGone } from "./engine-answers.ts";
import { freePlaces } from "./free-places.ts";
import { type Lifetime, makeLabels } from "./labels.ts";
import { type NetworkKind, POOL_SIZE, subnetsAt } from "./subnets.ts";
import { noteContainers } from "./use.ts";

/** A network of the engine, made for one sandbox. */
export interface SandboxNetwork {
  readonly id: string;
  readonly name: string;
  /** Its place in the pool of subnets, from which the hosts' addresses follow. */
  readonly place: number;
}

/**
 * Makes a network out of which no route leads: a bridge without masquerading, with subnets of both families that nothing here uses.
 * The engine's `internal` networks will not do: where bridged packets pass iptables (bridge-nf-call-iptables), their isolation rule
 * drops every packet whose address is outside the subnet, and scenarios dial service ranges through upstream. The engine still gives the
 * containers a default route by the bridge; the set-up of each host replaces it.
 *
 * `places` are the places of the pool to try, in order; all free ones where none are named.
 * Throws `environment` where none of them is to be had, or with the engine's words where it refuses.
 */
export async function createNetwork(
  engine: Docker,
  kind: NetworkKind,
  run: string,
  lifetime: Lifetime,
  places?: readonly number[],
): Promise<SandboxNetwork> {
  noteContainers();
  for (const place of places ?? (await freePlaces(engine))) {
    const name = `landfall-${kind}-${place}`;
    try {
      const subnets = subnetsAt(kind, place);
      const network = await engine.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: "bridge",
        EnableIPv6: true,
        IPAM: { Driver: "default", Config: [{ Subnet: subnets[4] }, { Subnet: subnets[6] }] },
        Options: { "com.docker.network.bridge.enable_ip_masquerade": "false" },
        Labels: makeLabels(run, `network-${kind}`, lifetime),
      });
      return { id: network.id, name, place };
    } catch (error) {
      if (!isTaken(error)) throw engineFailed(`make the network ${name}`, error);
    }
  }
  throw new LandfallError(
    "environment",
    `no network from ${subnetsAt(kind, places?.[0] ?? 0)[4]} to ${subnetsAt(kind, places?.at(-1) ?? POOL_SIZE - 1)[4]} is free. landfall sweep removes containers and networks that ended runs left behind.`,
  );
}

/**
 * Removes a network and gives whether it was there. While something still hangs on it the engine answers 403, and a later sweep takes it.
 */
export async function removeNetwork(engine: Docker, id: string): Promise<boolean> {
  return (await unlessGone(engine.getNetwork(id).remove(), [403, 404])) !== null;
}

/** Another run may have taken the place between the look and the making: the engine then speaks of an overlap or of the name. */
function isTaken(error: unknown): boolean {
  return error instanceof Error && /overlap|already exists/i.test(error.message);
}
