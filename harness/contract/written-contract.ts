import { canonicalAddress, type Family, parseEndpoint } from "../model/address.ts";
import type { Connection, Contract, Demand, Identity } from "../model/contract.ts";
import { cutsOfSet, type FlowSet, holdsConnection, joinCuts } from "../model/flow-set.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { Dials, ListenerShape, PodShape } from "../model/pod-shape.ts";
import type { ContractData, ListenerData } from "./contract-data.ts";
import { identityOf, listOf, readFlowSet } from "./contract-references.ts";
import { parseMust } from "./must-text.ts";

const ROOT: Identity = { uid: 0, gid: 0, mark: 0 };

/** A clause with its sets of flows read. */
interface ReadClause {
  readonly name: string;
  readonly flows: readonly FlowSet[];
  readonly except: readonly FlowSet[];
  readonly demand: Demand;
}

/**
 * Gives the contract that its author wrote, in the addresses of one sandbox; the data must have been read without findings. The first
 * clause whose flows hold a connection, and whose exceptions do not, decides.
 */
export function makeContract(data: ContractData, addresses: SandboxAddresses): Contract {
  const clauses = data.clauses.map((clause): ReadClause => {
    const read = (texts: string | readonly string[] | undefined) =>
      listOf(texts).map((text) => readSet(text, data, addresses));
    return {
      name: clause.name,
      flows: read(clause.flows),
      except: read(clause.except),
      demand: demandOf(clause.must, clause.name),
    };
  });
  const sets = clauses.flatMap(({ flows, except }) => [...flows, ...except]);
  const otherwise = demandOf(data.otherwise ?? "unspecified", "otherwise");
  return {
    clauses: [
      ...data.clauses.map(({ name, says }) => ({ name, says, origin: "given" as const })),
      ...(otherwise.must === "unspecified"
        ? []
        : [{ name: "otherwise", says: `Every other connection: ${data.otherwise}.`, origin: "usual" as const }]),
    ],
    demand: (connection) => clauses.find((clause) => concerns(clause, connection, addresses))?.demand ?? otherwise,
    splitPoints: (family) => splitPointsOf(sets, family),
  };
}

function splitPointsOf(sets: readonly FlowSet[], family: Family) {
  return joinCuts(sets.filter((set) => set.family === family).map(cutsOfSet));
}

function concerns({ flows, except }: ReadClause, connection: Connection, addresses: SandboxAddresses): boolean {
  const holds = (set: FlowSet) => holdsConnection(set, connection, addresses);
  return flows.some(holds) && !except.some(holds);
}

function readSet(text: string, data: ContractData, addresses: SandboxAddresses): FlowSet {
  const set = readFlowSet(text, data, addresses);
  if (typeof set === "string") throw new RangeError(set);
  return set;
}

function demandOf(text: string, clause: string): Demand {
  if (text === "unspecified") return { must: "unspecified" };
  const must = parseMust(text);
  if (must === null) throw new RangeError(`"${text}" is not a demand.`);
  return must.kind === "land-on" ? { must: "land-on", listener: must.listener, clause } : { must: must.kind, clause };
}

/** Gives the pod that a contract describes: its proxies, its listeners and the hosts beside it. */
export function shapeOf({ proxies = [], listeners = [], hosts = {}, resolvers = [] }: ContractData): PodShape {
  const dialsOf = (name: string | undefined): Dials => {
    const proxy = proxies.find((each) => each.name === name);
    return proxy ? readDials(proxy.dials ?? "original") : { kind: "nothing" };
  };
  return {
    proxies: proxies.map((proxy) => ({
      name: proxy.name,
      owners: proxy.owner.map(({ uid = null, gid = null, mark = null }) => ({ uid, gid, mark })),
      runsAs: identityOf(proxy),
      dials: readDials(proxy.dials ?? "original"),
    })),
    listeners: listeners.map((listener) => makeListener(listener, dialsOf(listener.proxy), ownerOf(listener, proxies))),
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, { ip4, ip6 }]) => [name, { 4: canonical(ip4), 6: canonical(ip6) }]),
    ),
    links: [],
    resolvers: resolvers.map(canonical),
    passThrough: { 4: null, 6: null },
  };
}

function ownerOf({ proxy }: ListenerData, proxies: NonNullable<ContractData["proxies"]>): Identity {
  const found = proxies.find(({ name }) => name === proxy);
  return found ? identityOf(found) : ROOT;
}

function makeListener(listener: ListenerData, dials: Dials, owner: Identity): ListenerShape {
  const { name, role, proxy = null, protocols = ["tcp"], port, mode = "redirect", host = "pod", address } = listener;
  const own = address === undefined ? null : canonical(address);
  return { name, role, proxy, protocols, port, host, address: own, owner, mode, dials };
}

function readDials(text: string): Dials {
  if (text === "nothing") return { kind: "nothing" };
  const end = parseEndpoint(text);
  return end ? { kind: "fixed", ...end } : { kind: "original", own: "like-others" };
}

function canonical(text: string): string {
  return canonicalAddress(text) ?? text;
}
