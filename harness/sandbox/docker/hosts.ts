import { FAMILIES } from "../../model/address.ts";
import { type HostName, POD_INTERFACE, type SandboxAddresses } from "../../model/pod.ts";
import type { HostAddresses } from "../../model/pod-shape.ts";
import type { AgentClient } from "../agents/agent-client.ts";
import { look } from "../pod/look.ts";
import { NO_ROUTING_TEXT } from "../pod/routing-text.ts";
import { type NetworkKind, subnetsAt } from "./subnets.ts";

/** A host of the sandbox's first network, as the engine started it. */
export interface DockerHost {
  readonly host: Exclude<HostName, "vm">;
  readonly agent: AgentClient;
  /** Of its interface on that network. */
  readonly mac: string;
}

/** Every host sets up its own routes and takes the engine's rules out; its agent makes sockets as any owner. */
export const HOST_CAPABILITIES: readonly string[] = ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID"];

/**
 * Makes hosts of a sandbox out of containers as the engine leaves them: the default route goes through upstream and ends there, so no
 * packet leaves; the engine's own nat rules are out (its name server puts them into every container, which no Kubernetes pod has);
 * every neighbour is known for good, since rules may reject neighbour discovery.
 */
export async function setUpHosts(
  hosts: readonly DockerHost[],
  addresses: SandboxAddresses,
  place: number,
): Promise<void> {
  await Promise.all(
    hosts.map(async (host) => {
      await configure(host.agent, hostLines(host, hosts, addresses, place));
      await clearEngineRules(host.agent);
    }),
  );
}

/** Gives lines to `ip -batch` in a container's own namespace. */
export async function configure(agent: AgentClient, ip: readonly string[]): Promise<void> {
  await agent.call("configure", { namespace: null, sysctls: {}, ip });
}

function hostLines(
  host: DockerHost,
  hosts: readonly DockerHost[],
  addresses: SandboxAddresses,
  place: number,
): readonly string[] {
  const others = hosts.filter(({ host: other }) => other !== host.host);
  const vm = subnetsAt("vm", place);
  return FAMILIES.flatMap((family) => [
    host.host === "upstream"
      ? `route del ${EVERYTHING[family]} dev ${POD_INTERFACE}`
      : defaultRoute(addresses.upstream[family]),
    ...(host.host === "pod" ? [] : [`route replace ${vm[family]} via ${addresses.pod[family]} dev ${POD_INTERFACE}`]),
    `route replace unreachable ${bridgeAddress("pod", place)[family]}`,
    ...others.map(({ host: name, mac }) => neighbour(addresses[name][family], mac, POD_INTERFACE)),
  ]);
}

/** `default` would not say of which family. */
const EVERYTHING = { 4: "0.0.0.0/0", 6: "::/0" };

/** Gives the line that makes a route of last resort lead to an address; one exists, and another may come with each network. */
export function defaultRoute(through: string): string {
  return `route replace default via ${through} dev ${POD_INTERFACE}`;
}

/** Gives the line for `ip -batch` that makes a neighbour permanent, so that no rule decides by neighbour discovery. */
export function neighbour(address: string, mac: string, device: string): string {
  return `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`;
}

/** Gives the engine's own addresses on a network, which is the host machine: nothing in a sandbox may reach it. */
export function bridgeAddress(kind: NetworkKind, place: number): HostAddresses {
  const { 4: v4, 6: v6 } = subnetsAt(kind, place);
  return { 4: v4.replace(/0\/24$/, "1"), 6: v6.replace("/64", "1") };
}

/** Takes out the rules the engine has put in, through whichever of the two kernel interfaces it did. */
export async function clearEngineRules(agent: AgentClient): Promise<void> {
  await agent.call("clear", { namespace: null, variant: "default", policyRouting: NO_ROUTING_TEXT });
  const { stdout } = await look({ agent, namespace: null }, "cat", "/proc/net/ip_tables_names");
  if (stdout.trim() === "") return;
  await agent.call("clear", { namespace: null, variant: "legacy", policyRouting: NO_ROUTING_TEXT });
}
