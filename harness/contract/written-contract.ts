import type { Family } from "../model/address.ts";
import type { Connection, Contract, Demand, GivenSetting } from "../model/contract.ts";
import { FLOW_PROTOCOLS } from "../model/flow.ts";
import { cutsOfSet, type FlowSet, holdsConnection, joinCuts } from "../model/flow-set.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { ContractData } from "./contract-data.ts";
import { readFlowSet, toList } from "./contract-references.ts";
import { parseMust } from "./must-text.ts";

/** A clause with its sets of flows read. */
interface ReadClause {
  readonly name: string;
  readonly flows: readonly FlowSet[];
  readonly except: readonly FlowSet[];
  readonly demand: Demand;
}

/**
 * Gives the contract that its author wrote, in the addresses of one sandbox; the data must have been read without findings. The first
 * clause whose flows hold a connection, and whose exceptions do not, decides. `otherwise` speaks of the protocols that some clause names:
 * whoever writes about TCP alone has not thought of datagrams.
 */
export function makeWrittenContract(data: ContractData, addresses: SandboxAddresses): Contract {
  const clauses = data.clauses.map((clause): ReadClause => {
    const read = (texts: string | readonly string[] | undefined) =>
      toList(texts).map((text) => readSet(text, data, addresses));
    return {
      name: clause.name,
      flows: read(clause.flows),
      except: read(clause.except),
      demand: demandOf(clause.must, clause.name),
    };
  });
  const sets = clauses.flatMap(({ flows, except }) => [...flows, ...except]);
  const named = new Set(sets.flatMap(({ protocols }) => protocols));
  const otherwise = demandOf(data.otherwise ?? "unspecified", "otherwise");
  return {
    clauses: [
      ...data.clauses.map(({ name, says }, i) => {
        const settings = settingsOf(clauses[i]?.flows ?? []);
        return { name, says, origin: "given" as const, settings };
      }),
      ...(otherwise.must === "unspecified"
        ? []
        : [{ name: "otherwise", says: `Every other connection: ${data.otherwise}.`, origin: "usual" as const }]),
    ],
    protocols: FLOW_PROTOCOLS.filter((protocol) => named.has(protocol)),
    demand: (connection) => {
      const clause = clauses.find((each) => concerns(each, connection, addresses));
      if (clause !== undefined) return clause.demand;
      return named.has(connection.protocol) ? otherwise : { must: "unspecified" };
    },
    splitPoints: (family) => splitPointsOf(sets, family),
  };
}

/** What a clause says of each family must concern some flow: without the rules of a family nothing is known of it. */
function settingsOf(flows: readonly FlowSet[]): readonly GivenSetting[] {
  return [...Map.groupBy(flows, (set) => set.family)].map(([family, sets]) => ({
    text: sets.map(({ text }) => text).join(", "),
    families: [family],
    holds: (connection) => connection.family === family,
  }));
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
