import { type Family, networkHolds, parseAddress, renderAddress } from "../../harness/model/address.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import type { Match, Range } from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import type { PodShape } from "../../harness/model/pod-shape.ts";
import type { Dice } from "./dice.ts";
import type { Hole } from "./hole.ts";
import { drawAddress } from "./hole-matches.ts";

/** Values that a hole names or that are next to them, by what they are values of. */
interface OwnValues {
  readonly ports: readonly number[];
  readonly sourcePorts: readonly number[];
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly marks: readonly number[];
}

const PORTS = [80, 8080, 22, 443, 9090, 15001, 15006, 15020, 3306];

/**
 * Draws flows from a hole's own values: mostly what it names and its neighbours, otherwise what is common. It knows nothing of how flows
 * are told apart elsewhere. Flows that cannot be made are left to whoever drives them to find out.
 */
export function drawFlows(
  dice: Dice,
  { family, rule }: Hole,
  shape: PodShape,
  links: readonly string[],
  count: number,
): readonly Flow[] {
  const own = gatherValues(rule.matches, family, dice);
  const texts = new Set<string>();
  for (let i = 0; i < count * 3 && texts.size < count; i++) texts.add(drawText(dice, family, own, links));
  return [...texts].flatMap((text) => {
    const parsed = parseFlowText(text, shape);
    return parsed.ok ? [resolveFlow(parsed.value, DEFAULT_ADDRESSES, shape)] : [];
  });
}

/** One of a hole's own values mostly, where it has any. */
function drawFrom<T>(dice: Dice, values: readonly T[], others: () => T): T {
  return values.length > 0 && dice.chance(0.7) ? dice.pick(values) : others();
}

function renderHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function drawText(dice: Dice, family: Family, own: OwnValues, links: readonly string[]): string {
  const port = drawFrom(dice, own.ports, () => (dice.chance(0.9) ? dice.pick(PORTS) : dice.number(1, 65535)));
  const sourcePort = own.sourcePorts.length > 0 && dice.chance(0.7) ? `:${dice.pick(own.sourcePorts)}` : "";
  const draw = dice.chance(0.35) ? drawOutside : drawInside;
  return `${draw(dice, family, own, { links, sourcePort })}:${port}`;
}

interface Around {
  readonly links: readonly string[];
  readonly sourcePort: string;
}

function drawOutside(dice: Dice, family: Family, own: OwnValues, { links, sourcePort }: Around): string {
  const six = family === 6 ? "6" : "";
  const isStranger = own.sources.length > 0 && dice.chance(0.6);
  const machines = links.length > 0 ? ["vm", "vm"] : [];
  const who = isStranger
    ? "upstream"
    : dice.pick([`client${six}`, `client${six}`, `upstream${six}`, ...machines.map((name) => name + six)]);
  const at = `${isStranger ? renderHost(dice.pick(own.sources)) : ""}${sourcePort}`;
  const target = who.startsWith("vm") && dice.chance(0.5) ? "upstream" : "pod";
  return `${who}${at === "" ? "" : `@${at}`} -> ${target}${six}`;
}

function drawInside(dice: Dice, family: Family, own: OwnValues, { sourcePort }: Around): string {
  const six = family === 6 ? "6" : "";
  const uid = drawFrom(dice, own.uids, () => dice.pick([1000, 1337, 0]));
  const gid = drawFrom(dice, own.gids, () => dice.pick([1000, 1337, 0]));
  const mark = own.marks.length > 0 && dice.chance(0.7) ? `,mark=${dice.pick(own.marks)}` : "";
  const names = [`upstream${six}`, `pod${six}`, `localhost${six}`, `client${six}`];
  const target = drawFrom(dice, own.destinations.map(renderHost), () =>
    dice.chance(0.7) ? dice.pick(names) : renderHost(drawAddress(dice, family)),
  );
  const pods =
    family === 4
      ? ["127.0.0.6", "127.0.0.1", "127.0.0.2", DEFAULT_ADDRESSES.pod[4]]
      : ["::1", DEFAULT_ADDRESSES.pod[6]];
  const sources = own.sources.length > 0 && dice.chance(0.5) ? own.sources : pods;
  const at = `${dice.chance(0.25) ? renderHost(dice.pick(sources)) : ""}${sourcePort}`;
  return `uid=${uid},gid=${gid}${mark}${at === "" ? "" : `@${at}`} -> ${target}`;
}

function gatherValues(matches: readonly Match[], family: Family, dice: Dice): OwnValues {
  const all = <T>(find: (match: Match) => readonly T[]) => matches.flatMap(find);
  const ofOwner = (what: "uid" | "gid") =>
    all((match) =>
      match.kind === "owner" && match.what === what && match.ids ? spread(match.ids, 0, 0xfffffffe, dice) : [],
    );
  const ofPorts = (kind: "source-port" | "destination-port", side: "source" | "destination") =>
    all((match) => {
      if (match.kind === kind) return spread(match.ports, 1, 65535, dice);
      return match.kind === "multiport" && (match.side === side || match.side === "either")
        ? match.ports.flatMap((range) => spread(range, 1, 65535, dice))
        : [];
    });
  return {
    ports: ofPorts("destination-port", "destination"),
    sourcePorts: ofPorts("source-port", "source"),
    sources: all((match) => addressesOf(match, "source", family, dice)),
    destinations: all((match) => addressesOf(match, "destination", family, dice)),
    uids: ofOwner("uid"),
    gids: ofOwner("gid"),
    marks: all((match) =>
      match.kind === "mark" ? [match.value, match.value + 1, match.value | ((~match.mask >>> 0) & 0x100)] : [],
    ),
  };
}

/** A range's ends, their neighbours, and some values inside. */
function spread({ first, last }: Range, lowest: number, highest: number, dice: Dice): readonly number[] {
  const values = [first - 1, first, last, last + 1, dice.number(first, last), dice.number(first, last)];
  return values.filter((value) => lowest <= value && value <= highest);
}

function addressesOf(match: Match, side: "source" | "destination", family: Family, dice: Dice): readonly string[] {
  const render = (value: bigint) => renderAddress(family, value);
  if (match.kind === `${side}-range`) {
    const { first, last } = match as Match & { readonly first: string; readonly last: string };
    const ends = [first, last].map((text) => parseAddress(text)?.value ?? 0n);
    return [...[first, last], ...ends.map((end) => render(end + 1n)), render((ends[0] ?? 1n) - 1n)];
  }
  if (match.kind !== side || !("network" in match)) return [];
  const { value, mask } = match.network;
  const size = (1n << BigInt(family === 4 ? 32 : 128)) - mask;
  const inside = Array.from({ length: 3 }, () => value + (BigInt(dice.number(0, 2 ** 31)) % size));
  const others = [value, value + size - 1n, value - 1n, value + size];
  return [...inside, ...others]
    .filter((each) => each > 0n && (networkHolds(match.network, each) || dice.chance(0.7)))
    .map(render);
}
