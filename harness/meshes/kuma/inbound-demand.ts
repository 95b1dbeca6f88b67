import { familyOf } from "../../model/address.ts";
import type { Connection, Demand } from "../../model/contract.ts";
import { fitsInterface, POD_INTERFACE } from "../../model/pod.ts";
import type { ClauseName, KumaFacts } from "./clauses.ts";
import { isIn } from "./outbound-demand.ts";
import { DNS, linksOf, listenerOf, OUTBOUND } from "./pod.ts";
import type { KumaSettings, VirtualNetwork } from "./settings.ts";

const DNS_PORT = 53;
const SSH_PORT = 22;

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

/**
 * Gives what must become of a connection that comes in by an interface with a virtual network; null where it is inbound like any other.
 * Where nobody says by which of several interfaces a virtual machine comes, and they differ, nothing is demanded.
 */
export function demandVirtualNetwork({ settings, pod }: KumaFacts, connection: Connection): Demand | null {
  const { family, protocol, port, destination } = connection;
  const interfaces = comesBy(settings, connection);
  const networks = settings.virtualNetworks.filter(
    ({ interface: name, network }) =>
      familyOf(network) === family && interfaces.some((known) => fitsInterface(known, name)),
  );
  if (networks.length === 0) return null;
  if (protocol === "udp" && port === DNS_PORT) return demandDns(settings, pod.resolvers, family);
  if (protocol !== "tcp") return null;
  const isOutside = ({ network }: VirtualNetwork) => !isIn([network], family, destination);
  const isAlike = networks.every((network) => isOutside(network) === networks.some(isOutside));
  if (!isAlike && interfaces.length > 1) return { must: "unspecified" };
  if (!networks.some(isOutside)) return null;
  return { must: "land-on", listener: OUTBOUND, clause: "virtual-networks-captured" };
}

/** Peers come by eth0, which `eth+` means too; virtual machines by the interface behind which they stand, or else by any that is named. */
function comesBy(settings: KumaSettings, { startedOn, link }: Connection): readonly string[] {
  if (startedOn !== "vm") return [POD_INTERFACE];
  return link === undefined ? linksOf(settings) : [link];
}

/** In a zone of its own the answer does not find the query: none comes back, for which there is no word in a contract. */
function demandDns({ dns }: KumaFacts["settings"], resolvers: readonly string[], family: Connection["family"]): Demand {
  const isRedirected =
    dns.capture === "all" || (dns.capture === "resolvers" && resolvers.some((server) => familyOf(server) === family));
  if (isRedirected && dns.zones === "split") return { must: "unspecified" };
  return { must: "land-on", listener: DNS, clause: "virtual-networks-captured" };
}

/** Gives what must become of a connection from elsewhere to the pod. */
export function demandInbound({ settings, pod }: KumaFacts, connection: Connection): Demand {
  const { family, protocol, port, source, destination, startedOn } = connection;
  const { redirect, includePorts, excludePorts, excludeNetworks } = settings.inbound;
  if (destination !== pod.own[family] && startedOn !== "vm") return { must: "unspecified" };
  if (protocol !== "tcp" || redirect === "off") return leave("exclusions-untouched");
  if (isIn(excludeNetworks, family, source)) return leave("exclusions-untouched");
  const isNamed = includePorts.includes(port);
  const isTaken = includePorts.length > 0 ? isNamed : !excludePorts.includes(port);
  if (!isTaken) return leave("exclusions-untouched");
  const taken = { must: "land-on", listener: listenerOf(settings, "inbound"), clause: "inbound-captured" } as const;
  return port === SSH_PORT && !isNamed ? { ...taken, deviation: SSH } : taken;
}

const SSH = {
  tool: "SSH's port 22 is redirected like every other port.",
  promise: "By default the SSH port tcp/22 will not be redirected to Envoy.",
  strict: leave("exclusions-untouched"),
} as const;
