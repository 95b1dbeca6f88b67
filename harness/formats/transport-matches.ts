import {
  type Match,
  type MultiportMatch,
  type PortMatch,
  type Range,
  TCP_FLAG_BITS,
  type TcpFlag,
  type TcpFlagsMatch,
} from "../model/match.ts";
import { MAX_PORT } from "../model/pod.ts";
import {
  type Fault,
  type MatchModule,
  type MatchText,
  type OptionUse,
  orBadValue,
  type ReadContext,
  renderNegation,
} from "./match-module.ts";
import { parseDecimalPorts, parsePorts, renderPorts } from "./values.ts";

/** Flags in the order iptables prints them. */
const TCP_FLAGS = Object.keys(TCP_FLAG_BITS) as readonly TcpFlag[];
const PORT_OPTIONS: Readonly<Record<string, PortMatch["kind"]>> = {
  "--sport": "source-port",
  "--source-port": "source-port",
  "--dport": "destination-port",
  "--destination-port": "destination-port",
};
const MULTIPORT_OPTIONS: Readonly<Record<string, MultiportMatch["side"]>> = {
  "--sports": "source",
  "--source-ports": "source",
  "--dports": "destination",
  "--destination-ports": "destination",
  "--ports": "either",
};
const SLOTS_AT_MOST = 15;
const A_PORT = "a port, a range 1024:2048 or a service's name";

/** The modules that look at the transport header: tcp, udp, sctp, dccp, multiport (iptables-extensions(8)). */
export const TRANSPORT_MODULES: Readonly<Record<string, MatchModule>> = {
  tcp: makePortModule("tcp", { "--tcp-flags": 2, "--syn": 0 }),
  udp: makePortModule("udp", {}),
  sctp: makePortModule("sctp", {}),
  dccp: makePortModule("dccp", {}),
  multiport: {
    takes: { "--sports": 1, "--source-ports": 1, "--dports": 1, "--destination-ports": 1, "--ports": 1 },
    read: (uses, context) => uses.map((use) => readMultiport(use, context)),
  },
};

function makePortModule(module: PortMatch["module"], flagOptions: Readonly<Record<string, 0 | 1 | 2>>): MatchModule {
  return {
    takes: { "--sport": 1, "--source-port": 1, "--dport": 1, "--destination-port": 1, ...flagOptions },
    read: (uses, context) => (uses.length === 0 ? [anyPort(module)] : uses.map((use) => readUse(use, module, context))),
  };
}

/** A bare `-m tcp` is what iptables-legacy prints for a range of every port. */
function anyPort(module: PortMatch["module"]): PortMatch {
  return { kind: "destination-port", module, negated: false, ports: { first: 0, last: MAX_PORT } };
}

function readUse(use: OptionUse, module: PortMatch["module"], context: ReadContext): Match | Fault {
  const kind = PORT_OPTIONS[use.option];
  if (kind === undefined) return readFlags(use);
  const parse = module === "udp" || module === "dccp" ? parseDecimalPorts : parsePorts;
  const ports = parse(use.values[0] ?? "", context.names);
  if (ports !== null && use.negated && isEveryPort(ports) && !printsEveryPort(module)) return keepLost(use, module);
  return orBadValue<PortMatch>(ports && { kind, module, negated: use.negated, ports }, use, A_PORT);
}

/**
 * Keeps as text, which may hold or not, what can never hold: iptables-legacy puts it into the kernel so, and iptables-nft leaves it out,
 * so that it always holds (seen with iptables 1.8.9).
 */
function keepLost({ option, values, negated }: OptionUse, module: PortMatch["module"]): Match {
  return { kind: "unknown", text: [`-m ${module}`, ...(negated ? ["!"] : []), option, ...values].join(" ") };
}

function readFlags(use: OptionUse): Match | Fault {
  const [maskText = "", setText = ""] = use.option === "--syn" ? ["FIN,SYN,RST,ACK", "SYN"] : use.values;
  const [mask, set] = [parseFlags(maskText), parseFlags(setText)];
  if (mask?.length === 0 && set !== null && use.negated === (set.length === 0)) return keepLost(use, "tcp");
  const match: TcpFlagsMatch | null = mask && set && { kind: "tcp-flags", negated: use.negated, mask, set };
  return orBadValue(match, use, `two lists of ${TCP_FLAGS.join(", ")}, ALL or NONE`);
}

function parseFlags(text: string): readonly TcpFlag[] | null {
  const upper = text.toUpperCase();
  if (upper === "ALL") return TCP_FLAGS;
  const named = upper === "NONE" ? [] : upper.split(",");
  const flags = TCP_FLAGS.filter((flag) => named.includes(flag));
  return flags.length === new Set(named).size ? flags : null;
}

function readMultiport(use: OptionUse, context: ReadContext): MultiportMatch | Fault {
  const side = MULTIPORT_OPTIONS[use.option] ?? "either";
  const ports = (use.values[0] ?? "").split(",").map((text) => parsePortPair(text, context.names));
  const known = ports.filter((range) => range !== null);
  const slots = known.reduce((sum, range) => sum + (range.first === range.last ? 1 : 2), 0);
  const isGood = known.length === ports.length && slots <= SLOTS_AT_MOST;
  const match: MultiportMatch | null = isGood ? { kind: "multiport", negated: use.negated, side, ports: known } : null;
  return orBadValue(
    match,
    use,
    `at most ${SLOTS_AT_MOST} ports (a range 8000:8100 counts as two), separated by commas`,
  );
}

/** Both ends of a range must be there, and be two ports (parse_multi_ports_v1 in extensions/libxt_multiport.c, 1.8.9). */
function parsePortPair(text: string, names: ReadContext["names"]): Range | null {
  const ports = parsePorts(text, names);
  const isPair = ports === null || !text.includes(":") || (/.:./.test(text) && ports.first < ports.last);
  return isPair ? ports : null;
}

/** Gives a match on ports or TCP flags as iptables prints it. */
export function renderTransportMatch(match: PortMatch | MultiportMatch | TcpFlagsMatch): MatchText {
  const not = renderNegation(match.negated);
  switch (match.kind) {
    case "source-port":
      return { module: match.module, slot: 0, text: `${not}--sport ${renderPorts(match.ports)}` };
    case "destination-port":
      return {
        module: match.module,
        slot: 1,
        text: isAnyPort(match) ? "" : `${not}--dport ${renderPorts(match.ports)}`,
      };
    case "tcp-flags":
      return { module: "tcp", slot: 2, text: `${not}--tcp-flags ${renderFlags(match.mask)} ${renderFlags(match.set)}` };
    case "multiport": {
      const option = { source: "--sports", destination: "--dports", either: "--ports" }[match.side];
      return {
        module: "multiport",
        slot: 0,
        text: `${not}${option} ${match.ports.map((range) => renderPorts(range)).join(",")}`,
      };
    }
  }
}

function isAnyPort({ module, negated, ports }: PortMatch): boolean {
  return !printsEveryPort(module) && !negated && isEveryPort(ports);
}

function isEveryPort({ first, last }: Range): boolean {
  return first === 0 && last === MAX_PORT;
}

function printsEveryPort(module: PortMatch["module"]): boolean {
  return module === "sctp" || module === "dccp";
}

function renderFlags(flags: readonly TcpFlag[]): string {
  return flags.length === 0 ? "NONE" : TCP_FLAGS.filter((flag) => flags.includes(flag)).join(",");
}
