import { canonicalAddress, familyOf, parseEndpoint } from "../model/address.ts";
import type { FlowSet } from "../model/flow-set.ts";
import { parseFlowSet } from "../model/flow-set-text.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../model/pod.ts";
import type { ContractData, DataFault, DataPath, ListenerData } from "./contract-data.ts";
import { MUST_GRAMMAR, parseMust } from "./must-text.ts";
import { shapeOf } from "./written-shape.ts";

const USUAL_HOSTS = ["pod", "client", "upstream"];
/** Names of actors and listeners that every sandbox has. */
const TAKEN_NAMES = ["app", "root", "client", "upstream", "vm", "pod", "localhost", "elsewhere"];

/**
 * Gives every fault of a contract that has the right shape: a name that nothing has, a name given twice, and an address, a `must` or a set
 * of flows that cannot be read. No fault: the contract can be used.
 *
 * @example
 * [{ path: ["clauses", 0, "must"], message: "…" }] // where the clause lands flows on a listener that the contract does not have
 */
export function findReferenceFaults(data: ContractData): readonly DataFault[] {
  const { proxies = [], listeners = [], hosts = {}, resolvers = [], passThrough, clauses, otherwise } = data;
  const proxyNames = proxies.map(({ name }) => name);
  const listenerNames = listeners.map(({ name }) => name);
  const hostNames = [...USUAL_HOSTS, ...Object.keys(hosts)];
  return [
    ...findDoubles(proxyNames, "proxies", TAKEN_NAMES),
    ...findDoubles(listenerNames, "listeners", TAKEN_NAMES),
    ...findDoubles(
      clauses.map(({ name }) => name),
      "clauses",
      [],
    ),
    ...Object.entries(hosts).flatMap(([name, { ip4, ip6 }]) => [
      ...(USUAL_HOSTS.includes(name)
        ? [fault(["hosts", name], `There is already a host named ${name}; choose another name.`)]
        : []),
      ...findAddressFault(ip4, 4, ["hosts", name, "ip4"]),
      ...findAddressFault(ip6, 6, ["hosts", name, "ip6"]),
    ]),
    ...resolvers.flatMap((address, i) => findAddressFault(address, null, ["resolvers", i])),
    ...findPassThroughFaults(passThrough, listeners),
    ...proxies.flatMap(({ dials }, i) => findDialsFault(dials, ["proxies", i, "dials"])),
    ...listeners.flatMap(({ proxy, host = "pod", address }, i) => [
      ...findNameFault(proxy, proxyNames, "proxy", ["listeners", i, "proxy"]),
      ...findNameFault(host, hostNames, "host", ["listeners", i, "host"]),
      ...(address === undefined ? [] : findAddressFault(address, null, ["listeners", i, "address"])),
    ]),
    ...clauses.flatMap(({ must }, i) => findMustFaults(must, listenerNames, ["clauses", i, "must"])),
    ...(otherwise === undefined || otherwise === "unspecified"
      ? []
      : findMustFaults(otherwise, listenerNames, ["otherwise"])),
    ...findFlowFaults(data),
  ];
}

function fault(path: DataPath, message: string): DataFault {
  return { path, message };
}

function findDoubles(names: readonly string[], list: string, taken: readonly string[]): readonly DataFault[] {
  return names.flatMap((name, i) => {
    if (taken.includes(name)) return [fault([list, i, "name"], `landfall reserves the name ${name}; choose another.`)];
    return names.indexOf(name) < i ? [fault([list, i, "name"], `The name ${name} is used twice; choose another.`)] : [];
  });
}

function findAddressFault(text: string, family: 4 | 6 | null, path: DataPath): readonly DataFault[] {
  const address = canonicalAddress(text);
  if (address === null) return [fault(path, `"${text}" is not an address.`)];
  return family === null || familyOf(address) === family
    ? []
    : [fault(path, `"${text}" is not an IPv${family} address.`)];
}

/** Only 127.0.0.0/8 has addresses that every pod has. */
function findPassThroughFaults(text: string | undefined, listeners: readonly ListenerData[]): readonly DataFault[] {
  if (text !== undefined)
    return canonicalAddress(text)?.startsWith("127.")
      ? []
      : [fault(["passThrough"], `"${text}" is not an address of 127.0.0.0/8.`)];
  return listeners.flatMap(({ toPod }, i) =>
    toPod === "from-pass-through"
      ? [fault(["listeners", i, "toPod"], "passThrough is missing; give its address, such as passThrough: 127.0.0.6.")]
      : [],
  );
}

function findNameFault(
  name: string | undefined,
  known: readonly string[],
  what: string,
  path: DataPath,
): readonly DataFault[] {
  if (name === undefined || known.includes(name)) return [];
  const list = known.length === 0 ? "there is none" : `there are ${known.join(", ")}`;
  return [fault(path, `"${name}" is not the name of a ${what}; ${list}.`)];
}

function findDialsFault(text: string | undefined, path: DataPath): readonly DataFault[] {
  if (text === undefined || text === "original" || text === "nothing" || parseEndpoint(text)) return [];
  return [
    fault(
      path,
      `"${text}" cannot be dialled; write original, nothing or ADDRESS:PORT, with IPv6 addresses in brackets.`,
    ),
  ];
}

function findMustFaults(text: string, listeners: readonly string[], path: DataPath): readonly DataFault[] {
  const must = parseMust(text);
  if (must === null) return [fault(path, `"${text}" is not a demand; write ${MUST_GRAMMAR}.`)];
  return must.kind === "land-on" ? findNameFault(must.listener, listeners, "listener", path) : [];
}

function findFlowFaults(data: ContractData): readonly DataFault[] {
  return data.clauses.flatMap((clause, i) =>
    (["flows", "except"] as const).flatMap((field) =>
      toList(clause[field]).flatMap((text, j) => {
        const path = ["clauses", i, field, ...(typeof clause[field] === "string" ? [] : [j])];
        const parsed = readFlowSet(text, data, DEFAULT_ADDRESSES);
        if (typeof parsed === "string") return [fault(path, parsed)];
        const isLandOn = field === "flows" && parseMust(clause.must)?.kind === "land-on";
        return findSetFaults(parsed, isLandOn).map((what) => fault(path, `"${text}" ${what}`));
      }),
    ),
  );
}

function findSetFaults({ host, protocols }: FlowSet, isLandOn: boolean): readonly string[] {
  return [
    ...(host === "vm" ? ["starts from vm, and a contract's pod has none."] : []),
    ...(isLandOn && protocols.includes("icmp")
      ? ["are ICMP echoes, which no listener takes; demand something else of them."]
      : []),
  ];
}

/** Gives one set or a list of sets as a list. */
export function toList(texts: string | readonly string[] | undefined): readonly string[] {
  return typeof texts === "string" ? [texts] : (texts ?? []);
}

/** Reads a set of flows with the names of a contract; where it is not one, what is wrong with it as sentences. */
export function readFlowSet(text: string, data: ContractData, addresses: SandboxAddresses): FlowSet | string {
  const shape = shapeOf(data);
  const parsed = parseFlowSet(text, "", { addresses, shape, protocols: ["tcp", "udp", "icmp"] });
  return parsed.ok ? parsed.value : parsed.findings.map(({ message }) => message).join(" ");
}
