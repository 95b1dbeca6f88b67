import { type Network, renderNetwork } from "../model/address.ts";
import type { ConnectionEnd } from "../model/compare.ts";
import { CONNECTION_STATUSES, type ConnectionMatch, type ConnectionQuestion, type Match } from "../model/match.ts";
import { readHostNetwork } from "./address-words.ts";
import {
  type Fault,
  type MatchText,
  type OptionUse,
  orBadValue,
  type ReadContext,
  renderNegation,
} from "./match-module.ts";
import { protocolNumber } from "./protocols.ts";
import { parseDecimalPorts, renderPorts } from "./values.ts";

const ADDRESS_OPTIONS: Readonly<Record<string, ConnectionEnd>> = {
  "--ctorigsrc": "original-source",
  "--ctorigdst": "original-destination",
  "--ctreplsrc": "reply-source",
  "--ctrepldst": "reply-destination",
};
const PORT_OPTIONS: Readonly<Record<string, ConnectionEnd>> = Object.fromEntries(
  Object.entries(ADDRESS_OPTIONS).map(([option, end]) => [`${option}port`, end]),
);
const ENDS = Object.values(ADDRESS_OPTIONS);
const OPTION_OF = Object.fromEntries(Object.entries(ADDRESS_OPTIONS).map(([option, end]) => [end, option])) as Readonly<
  Record<ConnectionEnd, string>
>;

/** The options of `-m conntrack` beside `--ctstate` that are understood. `--ctexpire` is kept as text: no simulated connection ages. */
export const CONNECTION_OPTIONS: Readonly<Record<string, 1>> = Object.fromEntries(
  ["--ctproto", ...Object.keys(ADDRESS_OPTIONS), ...Object.keys(PORT_OPTIONS), "--ctstatus", "--ctdir"].map(
    (option) => [option, 1 as const],
  ),
);

/** Reads one option of `-m conntrack`; `besideState`: the same `-m` has a `--ctstate`. */
export function readConnection(use: OptionUse, context: ReadContext, besideState: boolean): Match | Fault {
  const { takes, question } = readQuestion(use, context);
  return orBadValue<Match>(question && { ...question, besideState }, use, takes);
}

/** What one option asks, or null where its value is not what it takes. */
interface QuestionReading {
  readonly takes: string;
  readonly question: ConnectionQuestion | null;
}

function readQuestion({ option, negated, values }: OptionUse, context: ReadContext): QuestionReading {
  const value = values[0] ?? "";
  const [addressEnd, portEnd] = [ADDRESS_OPTIONS[option], PORT_OPTIONS[option]];
  if (addressEnd) {
    const network = readHostNetwork(value, context.family);
    const question = network ? ({ kind: "connection-address", negated, end: addressEnd, network } as const) : null;
    return { takes: `an address or a network of IPv${context.family}`, question };
  }
  if (portEnd) {
    const ports = parseDecimalPorts(value, context.names);
    return {
      takes: "a port, a range 1024:2048 or a service's name",
      question: ports && { kind: "connection-port", negated, end: portEnd, ports },
    };
  }
  if (option === "--ctproto") {
    const protocol = protocolNumber(value.toLowerCase());
    const question = protocol ? ({ kind: "connection-protocol", negated, protocol } as const) : null;
    return { takes: "a protocol's name or number", question };
  }
  if (option === "--ctstatus") return readStatuses(value, negated);
  const direction = value.toUpperCase();
  const isDirection = direction === "ORIGINAL" || direction === "REPLY";
  const question = isDirection && !negated ? ({ kind: "connection-direction", direction } as const) : null;
  return { takes: "ORIGINAL or REPLY, without !", question };
}

function readStatuses(value: string, negated: boolean): QuestionReading {
  const named = value.toUpperCase().split(",");
  const statuses = CONNECTION_STATUSES.filter((status) => named.includes(status));
  const isGood = named.every((name) => name === "NONE" || statuses.some((status) => status === name));
  return {
    takes: `NONE, or one or more of ${CONNECTION_STATUSES.join(", ")}, separated by commas`,
    question: isGood ? { kind: "connection-status", negated, statuses } : null,
  };
}

/** Gives such a match as iptables prints it, in the order of its slots (conntrack_dump in extensions/libxt_conntrack.c, 1.8.9). */
export function renderConnectionMatch(match: ConnectionMatch): MatchText {
  const module = "conntrack";
  switch (match.kind) {
    case "connection-protocol":
      return { module, slot: 1, text: `${renderNegation(match.negated)}--ctproto ${match.protocol}` };
    case "connection-address": {
      const text = `${renderNegation(match.negated)}${OPTION_OF[match.end]} ${renderShortNetwork(match.network)}`;
      return { module, slot: 2 + ENDS.indexOf(match.end), text };
    }
    case "connection-port": {
      const text = `${renderNegation(match.negated)}${OPTION_OF[match.end]}port ${renderPorts(match.ports)}`;
      return { module, slot: 6 + ENDS.indexOf(match.end), text };
    }
    case "connection-status": {
      const names = match.statuses.length === 0 ? "NONE" : match.statuses.join(",");
      return { module, slot: 10, text: `${renderNegation(match.negated)}--ctstatus ${names}` };
    }
    case "connection-direction":
      return { module, slot: 12, text: `--ctdir ${match.direction}` };
  }
}

/** A single address prints without its length. */
function renderShortNetwork(network: Network): string {
  return renderNetwork(network).replace(network.family === 4 ? /\/32$/ : /\/128$/, "");
}
