import { type Network, renderNetwork } from "../model/address.ts";
import type { AddressMatch, FragmentMatch, InterfaceMatch, Match, ProtocolMatch } from "../model/match.ts";
import { readShortNetwork } from "./address-words.ts";
import {
  badValue,
  type Fault,
  type MatchText,
  type OptionUse,
  type ReadContext,
  renderNegation,
} from "./match-module.ts";
import { canonicalProtocol } from "./protocols.ts";

/** The options that need no `-m`, under every name, by their short name. */
export const BASE_OPTIONS: Readonly<Record<string, "-s" | "-d" | "-i" | "-o" | "-p" | "-f">> = {
  "-s": "-s",
  "--source": "-s",
  "--src": "-s",
  "-d": "-d",
  "--destination": "-d",
  "--dst": "-d",
  "-i": "-i",
  "--in-interface": "-i",
  "-o": "-o",
  "--out-interface": "-o",
  "-p": "-p",
  "--protocol": "-p",
  "--proto": "-p",
  "-f": "-f",
  "--fragment": "-f",
};

/** Matches of which each makes a rule of its own (`-d a,b` is two rules), or a fault. Null stands for a match that holds always. */
export type Alternatives = readonly (Match | null)[] | Fault;

/** Reads an option that needs no `-m` (iptables(8), PARAMETERS). */
export function readBaseMatch(use: OptionUse, context: ReadContext): Alternatives {
  const [value = ""] = use.values;
  switch (BASE_OPTIONS[use.option]) {
    case "-s":
      return readNetworks("source", use, context);
    case "-d":
      return readNetworks("destination", use, context);
    case "-i":
      return readInterface("in-interface", value, use);
    case "-o":
      return readInterface("out-interface", value, use);
    case "-p":
      return readProtocol(value, use);
    default:
      if (context.family === 4) return [{ kind: "fragment", negated: use.negated }];
      return fault(use, "IPv6 has no -f; remove the option or write -m frag.");
  }
}

function readNetworks(kind: AddressMatch["kind"], use: OptionUse, context: ReadContext): Alternatives {
  const texts = (use.values[0] ?? "").split(",");
  const networks = texts.map((text) => readShortNetwork(text, context.family));
  if (networks.includes(null)) {
    return badValue(use, `IPv${context.family} addresses or networks, separated by commas`);
  }
  if (use.negated && networks.length > 1) {
    return fault(use, `! cannot negate several addresses; write one ${use.option} per rule.`);
  }
  return networks.filter((network) => network !== null).map((network) => makeAddressMatch(kind, use.negated, network));
}

function makeAddressMatch(kind: AddressMatch["kind"], negated: boolean, network: Network): Match | null {
  return network.mask === 0n && !negated ? null : { kind, negated, network };
}

function readInterface(kind: InterfaceMatch["kind"], name: string, use: OptionUse): Alternatives {
  if (name === "" || name.length > 15) return badValue(use, "an interface's name of 1 to 15 characters");
  return name === "+" && !use.negated ? [null] : [{ kind, negated: use.negated, name }];
}

function readProtocol(value: string, use: OptionUse): Alternatives {
  const protocol = canonicalProtocol(value);
  if (protocol === null) return badValue(use, "a protocol's name or its number between 0 and 255");
  if (protocol !== "any") return [{ kind: "protocol", negated: use.negated, protocol }];
  return use.negated ? fault(use, "! -p all never matches; name a protocol.") : [null];
}

function fault(use: OptionUse, message: string): Fault {
  return { kind: "fault", column: use.column, message };
}

/**
 * Gives a match that needs no `-m` as iptables prints it; the slots are the order of printing (iptables/iptables.c, `print_rule4`, 1.8.9).
 */
export function renderBaseMatch(match: AddressMatch | InterfaceMatch | ProtocolMatch | FragmentMatch): MatchText {
  const not = renderNegation(match.negated);
  switch (match.kind) {
    case "source":
      return { module: null, slot: 0, text: `${not}-s ${renderNetwork(match.network)}` };
    case "destination":
      return { module: null, slot: 1, text: `${not}-d ${renderNetwork(match.network)}` };
    case "in-interface":
      return { module: null, slot: 2, text: `${not}-i ${match.name}` };
    case "out-interface":
      return { module: null, slot: 3, text: `${not}-o ${match.name}` };
    case "protocol":
      return { module: null, slot: 4, text: `${not}-p ${match.protocol}` };
    case "fragment":
      return { module: null, slot: 5, text: `${not}-f` };
  }
}
