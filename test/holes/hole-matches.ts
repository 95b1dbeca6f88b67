import { addressBits, type Family, parseNetwork, renderAddress } from "../../harness/model/address.ts";
import type { Match, Range, TcpFlag } from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import type { Dice } from "./dice.ts";

/** Draws a match that a rule may have behind `-p tcp`; null where this family or chain has no such match. */
type DrawMatch = (dice: Dice, family: Family) => Match;

const PORTS = [22, 80, 443, 3306, 8080, 9090, 15001, 15006, 15020, 1, 65535];
const IDS = [0, 999, 1000, 1001, 1336, 1337, 1338, 2000, 65534];
const FLAGS: readonly TcpFlag[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

/** Every kind of match that a hole may have. */
const DRAWS: Readonly<Record<string, DrawMatch>> = {
  source: (dice, family) => drawNetwork("source", dice, family),
  destination: (dice, family) => drawNetwork("destination", dice, family),
  "in-interface": (dice) => drawInterface("in-interface", dice),
  "out-interface": (dice) => drawInterface("out-interface", dice),
  "source-port": (dice) => drawPorts("source-port", dice),
  "destination-port": (dice) => drawPorts("destination-port", dice),
  multiport: (dice) => ({
    kind: "multiport",
    negated: dice.chance(0.2),
    side: dice.pick(["source", "destination", "destination", "either"] as const),
    ports: Array.from({ length: dice.number(1, 4) }, () => drawRange(dice, drawPort)),
  }),
  "source-range": (dice, family) => drawAddressRange("source-range", dice, family),
  "destination-range": (dice, family) => drawAddressRange("destination-range", dice, family),
  uid: (dice) => ({ kind: "owner", negated: dice.chance(0.25), what: "uid", ids: drawRange(dice, drawId) }),
  gid: (dice) => ({ kind: "owner", negated: dice.chance(0.25), what: "gid", ids: drawRange(dice, drawId) }),
  "socket-exists": (dice) => ({ kind: "owner", negated: dice.chance(0.25), what: "socket-exists", ids: null }),
  state: (dice) => ({
    kind: "state",
    module: dice.pick(["conntrack", "state"] as const),
    negated: dice.chance(0.2),
    states: [dice.pick(["NEW", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED", "INVALID"] as const)],
  }),
  mark: (dice) => drawMark("mark", dice),
  connmark: (dice) => drawMark("connmark", dice),
  "tcp-flags": (dice) => {
    const mask = FLAGS.filter(() => dice.chance(0.5));
    return { kind: "tcp-flags", negated: dice.chance(0.2), mask, set: mask.filter(() => dice.chance(0.4)) };
  },
  "source-type": (dice) => drawType("source-type", dice),
  "destination-type": (dice) => drawType("destination-type", dice),
  limit: () => ({ kind: "unknown", text: "-m limit --limit 5/min" }),
  statistic: () => ({ kind: "unknown", text: "-m statistic --mode random --probability 0.50000000000" }),
  length: () => ({ kind: "unknown", text: "-m length --length 40:80" }),
};

/** Draws one to three matches of different kinds. */
export function drawMatches(dice: Dice, family: Family): readonly Match[] {
  const names = Object.keys(DRAWS);
  const kinds = new Set(Array.from({ length: dice.pick([1, 1, 1, 2, 2, 3]) }, () => dice.pick(names)));
  return [...kinds].flatMap((kind) => DRAWS[kind]?.(dice, family) ?? []);
}

function drawPort(dice: Dice): number {
  return dice.chance(0.5) ? dice.pick(PORTS) : dice.number(1, 65535);
}

function drawId(dice: Dice): number {
  return dice.chance(0.7) ? dice.pick(IDS) : dice.number(0, 70000);
}

function drawRange(dice: Dice, draw: (dice: Dice) => number): Range {
  const first = draw(dice);
  if (dice.chance(0.6)) return { first, last: first };
  const other = draw(dice);
  return { first: Math.min(first, other), last: Math.max(first, other) };
}

function drawPorts(kind: "source-port" | "destination-port", dice: Dice): Match {
  return { kind, module: "tcp", negated: dice.chance(0.15), ports: drawRange(dice, drawPort) };
}

/** An address of somebody in the sandbox, or any that may be dialled. */
export function drawAddress(dice: Dice, family: Family): string {
  const { pod, client, upstream } = DEFAULT_ADDRESSES;
  const own = family === 4 ? ["127.0.0.1", "127.0.0.6", "127.0.0.9"] : ["::1", "::6"];
  if (dice.chance(0.5)) return dice.pick([pod[family], client[family], upstream[family], ...own]);
  if (family === 4)
    return `${dice.pick([10, 11, 172, 192, 203])}.${dice.number(0, 99)}.${dice.number(0, 255)}.${dice.number(1, 254)}`;
  return renderAddress(6, (0x2001_0db8n << 96n) | (BigInt(dice.number(0, 3)) << 64n) | BigInt(dice.number(1, 9999)));
}

function drawNetwork(kind: "source" | "destination", dice: Dice, family: Family): Match {
  const lengths = family === 4 ? [8, 12, 16, 24, 28, 32, 32] : [16, 32, 48, 64, 112, 128, 128];
  const network = parseNetwork(`${drawAddress(dice, family)}/${dice.pick(lengths)}`);
  return { kind, negated: dice.chance(0.2), network: network ?? { family, value: 0n, mask: 0n } };
}

function drawAddressRange(kind: "source-range" | "destination-range", dice: Dice, family: Family): Match {
  const network = parseNetwork(`${drawAddress(dice, family)}/${addressBits(family)}`);
  const first = network?.value ?? 0n;
  const last = first + BigInt(dice.pick([0, 1, 7, 255]));
  const render = (value: bigint) => renderAddress(family, value);
  return { kind, negated: dice.chance(0.2), first: render(first), last: render(last) };
}

function drawInterface(kind: "in-interface" | "out-interface", dice: Dice): Match {
  return { kind, negated: dice.chance(0.2), name: dice.pick(["eth0", "lo", "eth+", "net1", "net+", "vm0"]) };
}

function drawMark(kind: "mark" | "connmark", dice: Dice): Match {
  const mask = dice.pick([0xffffffff, 0xffffffff, 0xff, 0x1]);
  const value = (dice.pick([0, 1, 2, 0x539, dice.number(0, 0xffff)]) & mask) >>> 0;
  return { kind, negated: dice.chance(0.2), value, mask };
}

function drawType(kind: "source-type" | "destination-type", dice: Dice): Match {
  return {
    kind,
    negated: dice.chance(0.2),
    types: [dice.pick(["LOCAL", "UNICAST", "BROADCAST", "MULTICAST"])],
    limit: null,
  };
}
