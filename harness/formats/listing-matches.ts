import {
  type Match,
  type MultiportMatch,
  type OwnerMatch,
  type PortMatch,
  type Range,
  TCP_FLAG_BITS,
  type TcpFlag,
  type TcpFlagsMatch,
} from "../model/match.ts";
import { MAX_PORT } from "../model/pod.ts";
import { renderConnectionMatch } from "./connection-matches.ts";
import { describeIcmpMatch } from "./icmp-types.ts";
import { type Naming, renderPort } from "./listing-names.ts";
import { groupMatches } from "./matches.ts";
import { renderCompare } from "./nft/quote.ts";
import { FULL_MASK, renderHex, renderIds } from "./values.ts";

/**
 * Gives what `iptables -L` prints of a rule's `-m` matches behind its columns, a blank before each, as the modules of iptables 1.8.9 do
 * (extensions/libxt_*.c, `print`). A match that is not understood prints as it was written.
 */
export function describeMatches(matches: readonly Match[], naming: Naming): string {
  return groupMatches(matches)
    .map((group) => ` ${describeGroup(group, naming)}`)
    .join("");
}

function describeGroup(group: readonly Match[], naming: Naming): string {
  const [first] = group;
  const parts = group.map((match) => describeMatch(match, naming)).filter((part) => part !== "");
  if (first?.kind === "source-port" || first?.kind === "destination-port") return [first.module, ...parts].join(" ");
  if (first?.kind === "tcp-flags") return ["tcp", ...parts].join(" ");
  if (first?.kind !== "source-type" && first?.kind !== "destination-type") return parts.join(" ");
  return ["ADDRTYPE match", ...parts, ...(first.limit ? [`limit-${first.limit}`] : [])].join(" ");
}

function describeMatch(match: Match, naming: Naming): string {
  const not = "negated" in match && match.negated ? "! " : "";
  switch (match.kind) {
    case "source-port":
    case "destination-port":
      return describePorts(match, naming);
    case "tcp-flags":
      return describeFlags(match, naming);
    case "multiport":
      return describeMultiport(match, naming);
    case "owner":
      return not + describeOwner(match, naming);
    case "state":
      return `${not}${match.module === "conntrack" ? "ctstate" : "state"} ${match.states.join(",")}`;
    case "mark":
      return `mark match ${not}${renderMarked(match.value, match.mask)}`;
    case "connmark":
      return `connmark match ${match.negated ? "!" : ""} ${renderMarked(match.value, match.mask)}`;
    case "socket":
      return ["socket", ...match.options.map((option) => `--${option}`)].join(" ");
    case "source-range":
    case "destination-range":
      return `${match.kind === "source-range" ? "source" : "destination"} IP range ${not}${match.first}-${match.last}`;
    case "source-type":
    case "destination-type":
      return `${match.kind === "source-type" ? "src" : "dst"}-type ${match.negated ? "!" : ""}${match.types.join(",")}`;
    case "icmp-type":
      return describeIcmpMatch(match, naming === "numbers" ? "numbers" : "names");
    case "comment":
      return `/* ${match.text} */`;
    case "connection-protocol":
    case "connection-address":
    case "connection-port":
    case "connection-status":
    case "connection-direction":
      return renderConnectionMatch(match).text.replace("--", "");
    case "compare":
      return renderCompare(match);
    case "unknown":
      return match.text;
    case "protocol":
    case "source":
    case "destination":
    case "in-interface":
    case "out-interface":
    case "fragment":
      return "";
  }
}

function describePorts({ kind, negated, ports }: PortMatch, naming: Naming): string {
  const name = kind === "source-port" ? "spt" : "dpt";
  if (ports.first === 0 && ports.last === MAX_PORT && !negated) return "";
  return `${name}${ports.first === ports.last ? "" : "s"}:${negated ? "!" : ""}${renderPortNames(ports, naming)}`;
}

function renderPortNames({ first, last }: Range, naming: Naming): string {
  return first === last ? renderPort(first, naming) : `${renderPort(first, naming)}:${renderPort(last, naming)}`;
}

function describeFlags({ negated, mask, set }: TcpFlagsMatch, naming: Naming): string {
  const render = (flags: readonly TcpFlag[]) =>
    naming === "numbers" ? renderFlagBits(flags) : flags.join(",") || "NONE";
  return `flags:${negated ? "!" : ""}${render(mask)}/${render(set)}`;
}

function renderFlagBits(flags: readonly TcpFlag[]): string {
  const bits = flags.reduce((sum, flag) => sum + TCP_FLAG_BITS[flag], 0);
  return `0x${bits.toString(16).toUpperCase().padStart(2, "0")}`;
}

function describeMultiport({ side, negated, ports }: MultiportMatch, naming: Naming): string {
  const name = { source: "sports", destination: "dports", either: "ports" }[side];
  return `multiport ${name} ${negated ? " !" : ""}${ports.map((range) => renderPortNames(range, naming)).join(",")}`;
}

function describeOwner({ what, ids }: OwnerMatch, naming: Naming): string {
  if (ids === null) return "owner socket exists";
  const lookup = naming === "numbers" ? () => null : what === "uid" ? naming.user : naming.group;
  const name = ids.first === ids.last ? lookup(ids.first) : null;
  return `owner ${what.toUpperCase()} match ${name ?? renderIds(ids)}`;
}

function renderMarked(value: number, mask: number): string {
  return mask === FULL_MASK ? renderHex(value) : `${renderHex(value)}/${renderHex(mask)}`;
}
