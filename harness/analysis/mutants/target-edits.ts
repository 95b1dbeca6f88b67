import { addressBits, parseAddress, renderAddress } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import { MAX_PORT } from "../../model/pod.ts";
import { listNextChains } from "../../model/rule-parts.ts";
import type { Table } from "../../model/ruleset.ts";
import type { NatTarget, Statement, Target, ZoneTarget } from "../../model/target.ts";
import { editMatch, editRange } from "./match-edits.ts";

/** What a target's edits may draw on: the table it stands in and every port that some rule of the set redirects to. */
export interface TargetContext {
  readonly table: Table;
  readonly chain: string;
  readonly redirectPorts: readonly number[];
}

/** A hop limit that leads anywhere. */
const MANY_HOPS = 64;

/** Gives everything one target can be mistaken for: another verdict, another chain, another value. What is not understood has no edits. */
export function editTarget(target: Target, context: TargetContext): readonly Target[] {
  switch (target.kind) {
    case "accept":
      return [{ kind: "return" }, ...drops(context), ...jumps(context)];
    case "return":
      return [{ kind: "accept" }, ...drops(context), ...jumps(context)];
    case "drop":
    case "reject":
      return [{ kind: "accept" }, { kind: "return" }, ...drops(context).filter((drop) => drop.kind !== target.kind)];
    case "jump":
      return [
        { kind: "goto", chain: target.chain },
        { kind: "return" },
        { kind: "accept" },
        ...jumps(context).filter((jump) => jump.chain !== target.chain),
      ];
    case "goto":
      return [{ kind: "jump", chain: target.chain }, { kind: "return" }];
    case "redirect":
      return [null, ...ports(target.ports, context)].map((range) => ({ ...target, ports: range }));
    case "tproxy":
      return [
        ...ports({ first: target.port, last: target.port }, context).map(({ first }) => ({ ...target, port: first })),
        { ...target, mark: { ...target.mark, value: (target.mark.value ^ 1) >>> 0 } },
      ];
    case "mark":
    case "connmark-set":
      return [{ ...target, value: (target.value ^ 1) >>> 0 }];
    case "dnat":
    case "snat":
      return [
        ...ports(target.ports, context).map((range) => ({ ...target, ports: range })),
        ...editAddresses(target.addresses).map((addresses) => ({ ...target, addresses })),
      ];
    case "hop-limit":
      return target.change === "set" ? [{ ...target, value: target.value < 2 ? MANY_HOPS : 1 }] : [];
    case "zone":
      return editZone(target);
    case "statements":
      return target.statements.flatMap((part, i) => [
        ...(target.statements.length > 1 && !onlyCounts(part)
          ? [{ ...target, statements: target.statements.toSpliced(i, 1) }]
          : []),
        ...editStatement(part, context).map((edited) => ({ ...target, statements: target.statements.with(i, edited) })),
      ]);
    case "map":
      return target.branches.flatMap((branch, i) => [
        { ...target, map: null, branches: target.branches.toSpliced(i, 1) },
        ...editTarget(branch.target, context).map((edited) => ({
          ...target,
          map: null,
          branches: target.branches.with(i, { ...branch, target: edited }),
        })),
      ]);
    case "assign":
      return [{ ...target, xor: (target.xor ^ 1) >>> 0 }];
    case "tproxy-socket":
      return target.port === null
        ? []
        : ports({ first: target.port, last: target.port }, context).map(({ first }) => ({ ...target, port: first }));
    // Whichever address or port the kernel chooses, and whatever happens beside the flow, it lands alike.
    case "masquerade":
    case "connmark-save":
    case "connmark-restore":
    case "notrack":
    case "track":
    case "log":
    case "tee":
    case "side-effect":
    case "counter":
    case "continue":
    case "unknown":
      return [];
  }
}

/** Both families' edits of a match are the same but for addresses of iptables, which no statement of nftables has. */
function editStatement(part: Statement, context: TargetContext): readonly Statement[] {
  if ("match" in part) return editMatch(part.match, 4).map((match) => ({ match }));
  return editTarget(part.target, context).map((target) => ({ target }));
}

function onlyCounts(part: Statement): boolean {
  return "target" in part && part.target.kind === "counter";
}

/** The addresses beside those that NAT gives: the range moved on by one. */
function editAddresses(addresses: NatTarget["addresses"]): readonly NonNullable<NatTarget["addresses"]>[] {
  const [first, last] = [addresses?.first, addresses?.last].map((text) => (text ? parseAddress(text) : null));
  if (!first || !last || (last.value + 1n) >> BigInt(addressBits(last.family)) > 0n) return [];
  const [from, to] = [first, last].map(({ family, value }) => renderAddress(family, value + 1n));
  return from === undefined || to === undefined ? [] : [{ first: from, last: to }];
}

const ZONE_DIRECTIONS = ["both", "original", "reply"] as const;

/** The zone next to it, and the same zone for other directions. */
function editZone(target: ZoneTarget): readonly Target[] {
  const { zone, direction } = target;
  const directions = ZONE_DIRECTIONS.filter((other) => other !== direction);
  const other = zone === "mark" ? 1 : zone === 1 ? 2 : zone - 1;
  return [{ ...target, zone: other }, ...directions.map((each) => ({ ...target, direction: each }))];
}

/** iptables refuses DROP in its nat table (iptables(8): it is not for filtering); nft takes it in any chain. */
function drops({ table }: TargetContext): readonly Target[] {
  return table.source !== "nft" && table.name === "nat" ? [] : [{ kind: "drop" }];
}

/** Jumps to every user-defined chain that does not lead back here: the kernel refuses loops. */
function jumps({ table, chain }: TargetContext): readonly Extract<Target, { kind: "jump" }>[] {
  return table.chains
    .filter(({ name, base }) => base === null && !reaches(table, name, chain))
    .map(({ name }) => ({ kind: "jump", chain: name }));
}

function reaches(table: Table, from: string, to: string): boolean {
  if (from === to) return true;
  const rules = table.chains.find(({ name }) => name === from)?.rules ?? [];
  return rules.flatMap(listNextChains).some((next) => reaches(table, next, to));
}

/** A port's neighbours, at which nobody listens, and the ports that other rules redirect to. */
function ports(range: Range | null, { redirectPorts }: TargetContext): readonly Range[] {
  if (range === null) return [];
  const single = range.first === range.last;
  const others = redirectPorts.filter((port) => port !== range.first).map((port) => ({ first: port, last: port }));
  const near = editRange(range, 1, MAX_PORT).filter(({ first, last }) => !single || first === last);
  return [...near, ...others];
}
