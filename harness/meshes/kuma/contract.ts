import { type Family, familyOf, parseNetwork } from "../../model/address.ts";
import type { Clause, Connection, Contract } from "../../model/contract.ts";
import type { Range } from "../../model/match.ts";
import { isInPod, loopbackAddress } from "../../model/pod.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { networkRanges, type ValueRanges } from "../../model/value-ranges.ts";
import { isBesideZones, type ZonedDns } from "../dns-port.ts";
import type { PodFacts } from "../mesh.ts";
import { CLAUSES, type ClauseName, type KumaFacts } from "./clauses.ts";
import { demandInbound, demandVirtualNetwork } from "./inbound-demand.ts";
import { demandOutbound } from "./outbound-demand.ts";
import { familiesOf, PASS_THROUGH } from "./pod.ts";
import type { KumaSettings } from "./settings.ts";

/** Gives what kumactl's rules do for settings, with what its documents promise where they promise something else. */
export function makeContract(settings: KumaSettings, pod: PodFacts): Contract {
  const facts: KumaFacts = { settings, pod, families: familiesOf(settings, pod) };
  return {
    clauses: Object.entries(CLAUSES)
      .filter(([name]) => concernsAny(name as ClauseName, facts))
      .map(
        ([name, says]): Clause => ({ name, says, origin: isGiven(name as ClauseName, settings) ? "given" : "usual" }),
      ),
    protocols: ["tcp", "udp"],
    ...(settings.dropInvalid === "on" ? { dropsInvalid: facts.families } : {}),
    demand: (connection) => demand(facts, connection),
    splitPoints: (family) => splitPoints(facts, family),
  };
}

function demand(facts: KumaFacts, connection: Connection): ReturnType<Contract["demand"]> {
  const { family, startedOn } = connection;
  if (!facts.families.includes(family)) return { must: "as-dialled", clause: "exclusions-untouched" };
  const { capture, zones } = facts.settings.dns;
  const hasZones = capture !== "off" && zones === "split";
  if (hasZones && isBesideZones(connection, aboutZones(facts, connection))) return { must: "unspecified" };
  if (startedOn === "pod") return demandOutbound(facts, connection);
  return demandVirtualNetwork(facts, connection) ?? demandInbound(facts, connection);
}

function aboutZones({ settings, pod }: KumaFacts, { owner, destination }: Connection): ZonedDns {
  return {
    serverPort: settings.dns.port,
    dropInvalid: settings.dropInvalid,
    isProxys: owner.uid === settings.proxyUid,
    isInside: isInPod(destination, pod.own),
    isZoned: false,
  };
}

function concernsAny(name: ClauseName, { settings, families }: KumaFacts): boolean {
  const { dns, virtualNetworks, outbound } = settings;
  if (name === "virtual-networks-captured")
    return virtualNetworks.some(
      ({ interface: link, network }) => link !== "lo" && families.includes(familyOf(network)),
    );
  if (name === "dns-over-tcp-untouched") return dns.capture !== "off" && outbound.jump === "append";
  return name !== "dns-captured" || dns.capture !== "off";
}

function isGiven(name: ClauseName, settings: KumaSettings): boolean {
  const { inbound, outbound, excludeForUids } = settings;
  if (["dns-captured", "virtual-networks-captured"].includes(name)) return true;
  const excluded = [inbound, outbound].flatMap(({ excludePorts, excludeNetworks }) => [
    ...excludePorts,
    ...excludeNetworks,
  ]);
  return name === "exclusions-untouched" && (excluded.length > 0 || excludeForUids.length > 0);
}

const SSH_PORT = 22;
const DNS_PORT = 53;

function splitPoints({ settings, pod }: KumaFacts, family: Family): SplitPoints {
  const { inbound, outbound, excludeForUids, virtualNetworks, dns, proxyUid } = settings;
  const networks = [
    ...inbound.excludeNetworks,
    ...outbound.excludeNetworks,
    ...virtualNetworks.map(({ network }) => network),
    ...(dns.capture === "resolvers" ? pod.resolvers : []),
  ].filter((network) => familyOf(network) === family);
  const ports = [inbound, outbound].flatMap(({ includePorts, excludePorts }) => [...includePorts, ...excludePorts]);
  const single = (value: number): Range => ({ first: value, last: value });
  return {
    addresses: [...networks, PASS_THROUGH[family], loopbackAddress(family)].flatMap(rangesOf),
    ports: [
      ...[...ports, SSH_PORT, ...(dns.capture === "off" && virtualNetworks.length === 0 ? [] : [DNS_PORT])].map(single),
      ...excludeForUids.flatMap((exclusion) => exclusion.ports),
    ].map(toBig),
    ids: [single(proxyUid), ...excludeForUids.map(({ uids }) => uids)].map(toBig),
    marks: [],
  };
}

function rangesOf(text: string): ValueRanges {
  const network = parseNetwork(text);
  return network === null ? [] : networkRanges(network);
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}
