import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type Docker from "dockerode";
import { type Network, parseNetwork, prefixMask } from "../../model/address.ts";
import { POOL_SIZE, subnetsAt } from "./subnets.ts";

/**
 * Gives the places of the pool whose subnets, of both networks, overlap nothing: no network of the engine, and no interface or route of
 * this machine (a pod network of a cluster, a VPN). Each is looked at when it is asked for, since the first is mostly free. Two runs may
 * still choose the same one; the engine then refuses the second.
 */
export async function freePlaces(engine: Docker): Promise<Iterable<number>> {
  const taken = [...(await engineNetworks(engine)), ...hostNetworks()];
  return findFree(taken);
}

function* findFree(taken: readonly Network[]): Iterable<number> {
  for (let place = 0; place < POOL_SIZE; place++) {
    const subnets = [subnetsAt("pod", place), subnetsAt("vm", place)].flatMap((both) => [both[4], both[6]]);
    const networks = subnets.map(parseNetwork);
    if (!networks.some((network) => taken.some((other) => overlap(other, network)))) yield place;
  }
}

/** Says whether two networks share an address. A default route is no reason to keep away. */
function overlap(a: Network, b: Network | null): boolean {
  if (b === null || a.family !== b.family || a.mask === 0n) return false;
  return ((a.value ^ b.value) & a.mask & b.mask) === 0n;
}

async function engineNetworks(engine: Docker): Promise<readonly Network[]> {
  const networks = await engine.listNetworks();
  return networks
    .flatMap((network) => network.IPAM?.Config ?? [])
    .map((config) => parseNetwork(config.Subnet ?? ""))
    .filter((network) => network !== null);
}

function hostNetworks(): readonly Network[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const networks = own.map(({ cidr }) => parseNetwork(cidr ?? "")).filter((network) => network !== null);
  return [...networks, ...readRoutes4(), ...readRoutes6()];
}

/** Reads `/proc/net/route` (proc_pid_net(5)): destination and mask in the machine's byte order, as hexadecimal numbers. */
function readRoutes4(): readonly Network[] {
  const swap = (hex = "0") => BigInt(`0x${(hex.match(/../g) ?? ["00"]).reverse().join("")}`);
  return readTable("/proc/net/route")
    .slice(1)
    .map((fields) => ({ family: 4, value: swap(fields[1]), mask: swap(fields[7]) }));
}

/**
 * Reads `/proc/net/ipv6_route`: destination and prefix length as hexadecimal numbers. Only global unicast and unique local routes count.
 */
function readRoutes6(): readonly Network[] {
  return readTable("/proc/net/ipv6_route")
    .filter(([destination]) => /^[23f][^ef]/.test(destination ?? ""))
    .map(([destination = "0", length = "0"]) => {
      const mask = prefixMask(6, Number.parseInt(length, 16));
      return { family: 6, value: BigInt(`0x${destination}`) & mask, mask };
    });
}

function readTable(path: string): readonly (readonly string[])[] {
  try {
    return readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}
