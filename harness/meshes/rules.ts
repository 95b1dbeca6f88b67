import { type Family, type Network, parseNetwork } from "../model/address.ts";
import { BUILT_IN_CHAINS, makeChain, makeIptablesTable, type TableName } from "../model/iptables-tables.ts";
import type { Match, Range } from "../model/match.ts";
import type { Rule, Table } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";

/** The match `-p tcp`, for rules of a mesh. */
export const TCP: Match = { kind: "protocol", negated: false, protocol: "tcp" };

/** The target `-j RETURN`, for rules of a mesh. */
export const RETURN: Target = { kind: "return" };

/**
 * Gives a rule. Matches are given in the order in which iptables prints them: `-s -d -i -o -p`, then the modules.
 *
 * @example
 * makeRule(redirectTo(15001), ...matchPort("80"))   // -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001
 */
export function makeRule(target: Target, ...matches: readonly Match[]): Rule {
  return { matches, target };
}

/** Gives the target `-j CHAIN`, a chain of the same table. */
export function jumpTo(chain: string): Target {
  return { kind: "jump", chain };
}

/** `-p tcp -m tcp --dport 80`, or `--dport 8000:8100`, from the config's text. */
export function matchPort(text: string): readonly [Match, Match] {
  return [TCP, { kind: "destination-port", module: "tcp", negated: false, ports: readRange(text, ":") }];
}

/** `-m owner --uid-owner 1337`, or a range `1000-2000`, from the config's text. */
export function matchOwner(what: "uid" | "gid", text: string): Match {
  return { kind: "owner", negated: false, what, ids: readRange(text, "-") };
}

/** `-s`, `-d` or `! -d`. A network that holds every address makes no match: iptables prints none either. */
export function matchAddress(kind: "source" | "destination", text: string, negated = false): readonly Match[] {
  const network = readNetwork(text);
  return network.mask === 0n ? [] : [{ kind, negated, network }];
}

/** `-i eth0` or `-o lo`. */
export function matchInterface(kind: "in-interface" | "out-interface", name: string): Match {
  return { kind, negated: false, name };
}

/** Gives the match `-m comment --comment "text"`, which always holds. */
export function comment(text: string): Match {
  return { kind: "comment", text };
}

/** `-p tcp -m multiport --dports 80,8000:8100`. */
export function matchPorts(ports: readonly Range[]): readonly [Match, Match] {
  return [TCP, { kind: "multiport", negated: false, side: "destination", ports }];
}

/** Gives the target `-j REDIRECT --to-ports 15001`, of one port (1–65535). */
export function redirectTo(port: number): Target {
  return { kind: "redirect", ports: { first: port, last: port }, random: false };
}

/** Gives a table with all its built-in chains, policy ACCEPT, and the user-defined ones sorted by name as iptables prints them. */
export function makeTable(name: TableName, family: Family, chains: Readonly<Record<string, readonly Rule[]>>): Table {
  const own = Object.keys(chains)
    .filter((chain) => !BUILT_IN_CHAINS[name].includes(chain))
    .sort();
  const all = [...BUILT_IN_CHAINS[name], ...own];
  return makeIptablesTable(
    name,
    family,
    all.map((chain) => makeChain(name, chain, chains[chain])),
  );
}

function readRange(text: string, separator: string): Range {
  const [first, last = first] = text.split(separator).map(Number);
  if (first === undefined || last === undefined || Number.isNaN(first + last))
    throw new RangeError(`"${text}" is not a range.`);
  return { first, last };
}

function readNetwork(text: string): Network {
  const network = parseNetwork(text);
  if (!network) throw new RangeError(`"${text}" is not a network.`);
  return network;
}
