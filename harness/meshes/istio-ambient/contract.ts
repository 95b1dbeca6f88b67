import { type Family, parseNetwork } from "../../model/address.ts";
import type { Clause, Connection, Contract, Demand, Deviation } from "../../model/contract.ts";
import { fitsInterface, loopbackAddress, nameLinks, POD_INTERFACE } from "../../model/pod.ts";
import { networkRanges } from "../../model/value-ranges.ts";
import { isFromDnsPort } from "../dns-port.ts";
import { DNS, INBOUND, OUTBOUND } from "./pod.ts";
import type { AmbientSettings } from "./settings.ts";

const CLAUSES = {
  "interfaces-captured":
    "TCP that arrives on a virtual interface goes to ztunnel's outbound port, whatever its destination.",
  "probes-untouched": "TCP between the kubelet's address and the pod is not captured.",
  "tunnel-untouched": "Port 15008, where tunnels arrive, is not captured.",
  "inbound-captured": "TCP from peers goes to ztunnel's inbound port.",
  "marked-inside": "Packets with the mark of ztunnel's own connections do not leave the pod.",
  "ztunnel-untouched": "Connections from ztunnel, identified by their socket mark, are not captured.",
  "dns-captured": "DNS goes to ztunnel: UDP that leaves the pod, and TCP to any address except 127.0.0.1 and ::1.",
  "inside-untouched":
    "Connections inside the pod are not captured: loopback, and connections to the pod's own address.",
  "outbound-captured": "TCP to other destinations goes to ztunnel's outbound port.",
  "rest-untouched":
    "Everything else is not captured: UDP and ICMP, IPv6 unless it is enabled, and inbound TCP that bypasses ztunnel.",
} as const;

type ClauseName = keyof typeof CLAUSES;

const DNS_PORT = 53;
const TUNNEL_PORT = 15008;
/** Marks are compared in their low twelve bits alone. */
const MARK_MASK = 0xfff;
const ZTUNNEL = 0x539;
const MADE_BY_ZTUNNEL = 0x111;

/** Gives what ambient mode does to each connection of a pod, in words of Istio's documents; `own` are the pod's addresses. */
export function makeContract(settings: AmbientSettings, own: Readonly<Record<Family, string>>): Contract {
  return {
    clauses: Object.entries(CLAUSES)
      .filter(([name]) => hasPlace(name as ClauseName, settings))
      .map(
        ([name, says]): Clause => ({ name, says, origin: isGiven(name as ClauseName, settings) ? "given" : "usual" }),
      ),
    protocols: ["tcp", "udp"],
    demand: (connection) => demand(settings, connection, own),
    splitPoints: (family) => {
      if (isLeftAlone(settings, family)) return { addresses: [], ports: [], ids: [], marks: [] };
      return {
        addresses: [settings.probeAddress[family], loopbackAddress(family)]
          .flatMap((address) => parseNetwork(address) ?? [])
          .flatMap(networkRanges),
        ports: [
          ...(settings.dnsCapture === "on" ? [DNS_PORT] : []),
          ...(settings.inbound === "captured" ? [TUNNEL_PORT] : []),
        ].map((port) => [BigInt(port), BigInt(port)] as const),
        ids: [],
        marks: [ZTUNNEL, MADE_BY_ZTUNNEL].map((mark) => [BigInt(mark), BigInt(mark)] as const),
      };
    },
  };
}

function isLeftAlone({ ipv6 }: AmbientSettings, family: Family): boolean {
  return family === 6 && ipv6 === "off";
}

/** Clauses that only some settings make. */
function hasPlace(name: ClauseName, { dnsCapture, inbound, virtualInterfaces }: AmbientSettings): boolean {
  if (name === "dns-captured") return dnsCapture === "on";
  // What comes over lo is what the pod sends to itself, which prerouting's nat table does not see.
  if (name === "interfaces-captured") return virtualInterfaces.some((link) => link !== "lo");
  return inbound === "captured" || (name !== "tunnel-untouched" && name !== "inbound-captured");
}

function isGiven(name: ClauseName, { inbound }: AmbientSettings): boolean {
  return (
    name === "dns-captured" || name === "interfaces-captured" || (name === "rest-untouched" && inbound === "bypassed")
  );
}

function leave(clause: ClauseName): Demand {
  return { must: "as-dialled", clause };
}

function take(listener: string, clause: ClauseName): Demand {
  return { must: "land-on", listener, clause };
}

function demand(settings: AmbientSettings, connection: Connection, own: Readonly<Record<Family, string>>): Demand {
  const { family, startedOn, destination } = connection;
  if (startedOn === "pod" && isBorrowed(settings, connection, own)) return { must: "unspecified" };
  if (isLeftAlone(settings, family)) return leave("rest-untouched");
  if (settings.dnsCapture === "on" && isFromDnsPort(connection)) return { must: "unspecified" };
  if (startedOn === "pod") return demandOutbound(settings, connection, isInside(destination, family, own));
  return demandInbound(settings, connection, destination === own[family]);
}

/** Says whether the pod reaches an address over lo: it is its own, or loopback's. */
function isInside(address: string, family: Family, own: Readonly<Record<Family, string>>): boolean {
  return address === own[family] || (family === 4 ? address.startsWith("127.") : address === loopbackAddress(6));
}

/** Nobody but ztunnel has a socket with another host's address, and it has one only where it captures. */
function isBorrowed(
  settings: AmbientSettings,
  { family, source, owner }: Connection,
  own: Readonly<Record<Family, string>>,
): boolean {
  if (isInside(source, family, own)) return false;
  return isLeftAlone(settings, family) || (owner.mark & MARK_MASK) !== ZTUNNEL;
}

/** What "DNS Proxying" on istio.io says of DNS, and what is done where the server is inside the pod. */
const DNS_INSIDE: { readonly deviation: Deviation } = {
  deviation: {
    tool: "DNS to a server inside the pod is not captured: UDP to all its addresses, TCP to 127.0.0.1 and ::1.",
    promise: "All DNS requests of an application go to ztunnel.",
    strict: take(DNS, "dns-captured"),
  },
};

function demandOutbound(
  { dnsCapture, probeAddress }: AmbientSettings,
  { family, protocol, owner, port, destination }: Connection,
  staysInside: boolean,
): Demand {
  const mark = owner.mark & MARK_MASK;
  if (mark === MADE_BY_ZTUNNEL && !staysInside) return { must: "not-leave", clause: "marked-inside" };
  if (protocol === "tcp" && destination === probeAddress[family]) return leave("probes-untouched");
  if (mark === ZTUNNEL) return leave("ztunnel-untouched");
  const isDns = dnsCapture === "on" && port === DNS_PORT;
  if (isDns && protocol === "tcp" && destination !== loopbackAddress(family)) return take(DNS, "dns-captured");
  if (isDns && protocol === "udp" && !staysInside) return take(DNS, "dns-captured");
  if (staysInside) return { ...leave("inside-untouched"), ...(isDns && protocol !== "icmp" ? DNS_INSIDE : {}) };
  return protocol === "tcp" ? take(OUTBOUND, "outbound-captured") : leave("rest-untouched");
}

/** What the pod only passes on is nobody's demand, unless it came in by a virtual interface. */
function demandInbound(
  { virtualInterfaces, inbound, probeAddress }: AmbientSettings,
  { family, protocol, startedOn, source, port, link }: Connection,
  isForPod: boolean,
): Demand {
  // Where nobody says behind which interface a virtual machine stands, it is one that settings name.
  const cameBy = startedOn === "vm" ? (link ?? nameLinks(virtualInterfaces)[0]) : POD_INTERFACE;
  const cameByVirtual = cameBy !== undefined && virtualInterfaces.some((name) => fitsInterface(cameBy, name));
  if (protocol === "tcp" && cameByVirtual) return take(OUTBOUND, "interfaces-captured");
  if (!isForPod) return { must: "unspecified" };
  if (protocol !== "tcp" || inbound === "bypassed") return leave("rest-untouched");
  if (source === probeAddress[family]) return leave("probes-untouched");
  return port === TUNNEL_PORT ? leave("tunnel-untouched") : take(INBOUND, "inbound-captured");
}
