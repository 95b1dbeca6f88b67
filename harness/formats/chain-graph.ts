import { listBuiltInChains } from "../model/iptables-tables.ts";
import { listNextChains } from "../model/rule-parts.ts";
import { type Chain, chainsByName, type Rule, type Table } from "../model/ruleset.ts";

/** The most chains that a packet may be in at once under nf_tables (`NFT_JUMP_STACK_SIZE` in include/net/netfilter/nf_tables.h, 6.18). */
const NFT_DEPTH_AT_MOST = 15;
/** The most that landfall follows; iptables-legacy has no limit of its own. */
const DEPTH_AT_MOST = 500;
/** The chains of a loop that a message names, from its beginning. */
const NAMED_AT_MOST = 8;

/** Gives the chain a rule hands its packet to, or null if it hands it to none. */
export function nextChain(rule: Rule): string | null {
  return rule.target?.kind === "jump" || rule.target?.kind === "goto" ? rule.target.chain : null;
}

/** A rule that may hand its packet to a chain, and which one. */
export interface Jump {
  readonly rule: Rule;
  readonly to: string;
}

/** Chains are asked about their jumps for loops, depth, hooks and missing chains; of many rules a few are jumps. */
const JUMPS = new WeakMap<Chain, readonly Jump[]>();
const FEW_RULES = 4;
const NO_JUMPS: readonly Jump[] = [];

/** Gives the jumps of a chain's rules, in order; one chain may come twice. */
export function listJumps(chain: Chain): readonly Jump[] {
  const known = JUMPS.get(chain);
  if (known) return known;
  let jumps: Jump[] | null = null;
  for (const rule of chain.rules)
    for (const to of listNextChains(rule)) {
      jumps ??= [];
      jumps.push({ rule, to });
    }
  // Most chains are short, and looked through as soon as they are looked up.
  if (chain.rules.length > FEW_RULES) JUMPS.set(chain, jumps ?? NO_JUMPS);
  return jumps ?? NO_JUMPS;
}

/** Something about a table's jumps that is wrong, at the rule that makes it so. */
export interface JumpFault {
  readonly rule: Rule;
  readonly message: string;
}

/** Says which built-in chain leads deeper than iptables-nft takes, though iptables-legacy takes it; null where none does. */
export function describeDepth(table: Table): string | null {
  const { deepest, levels } = measureDepth(table);
  if (levels <= NFT_DEPTH_AT_MOST || levels > DEPTH_AT_MOST) return null;
  return (
    `iptables-nft refuses these rules ("Too many links"): ${table.name} ${deepest} jumps ${levels} chains deep, and ` +
    `${NFT_DEPTH_AT_MOST} is the maximum; iptables-legacy accepts them`
  );
}

/**
 * Finds the rules that close a loop of chains, which the kernel refuses, each once, in the order of the chains; and a table whose chains
 * lead into each other deeper than landfall follows. The time is linear in the number of rules.
 *
 * @example
 * findLoops(table)[0]?.message   // "This jump creates a loop of chains, which the kernel rejects: A → A."
 */
export function findLoops(table: Table): readonly JumpFault[] {
  const { closing } = followJumps(table);
  if (closing.length > 0) return closing;
  const { deepest, levels, rule } = measureDepth(table);
  if (levels <= DEPTH_AT_MOST || rule === null) return [];
  const message = `${table.name} ${deepest} jumps ${levels} chains deep; landfall follows at most ${DEPTH_AT_MOST}.`;
  return [{ rule, message }];
}

/** A chain that is being followed, and where in its rules. */
interface Visit {
  readonly chain: Chain;
  readonly jumps: readonly Jump[];
  at: number;
}

/** What following every jump of a table gives. */
interface Followed {
  /** The rules that close a loop. */
  readonly closing: readonly JumpFault[];
  /** How many chains deep each chain that has jumps leads. */
  readonly levels: ReadonlyMap<string, number>;
}

/** A table is asked about its loops, its depth and what goes too deep. */
const FOLLOWED = new WeakMap<Table, Followed>();

function followJumps(table: Table): Followed {
  const followed = FOLLOWED.get(table) ?? followEachJump(table);
  FOLLOWED.set(table, followed);
  return followed;
}

/** Follows jumps depth first, on a path of its own rather than by calling itself: chains may lie deeper than the program's stack. */
function followEachJump(table: Table): Followed {
  const byName = chainsByName(table);
  const closing: JumpFault[] = [];
  const levels = new Map<string, number>();
  /** Where a chain stands on the path. */
  const standing = new Map<string, number>();
  const path: Visit[] = [];
  const enter = (chain: Chain) => {
    const jumps = listJumps(chain);
    // Most chains lead nowhere.
    if (jumps.length === 0 || levels.has(chain.name)) return;
    standing.set(chain.name, path.length);
    path.push({ chain, jumps, at: 0 });
  };
  const leave = ({ chain, jumps }: Visit) => {
    path.pop();
    standing.delete(chain.name);
    let level = 0;
    for (const { to } of jumps) level = Math.max(level, levelBelow(to, byName, levels));
    levels.set(chain.name, level);
  };
  const take = ({ rule, to }: Jump) => {
    const depth = standing.get(to);
    const next = byName.get(to);
    if (depth !== undefined) closing.push({ rule, message: describeLoop(path, depth, to) });
    else if (next !== undefined) enter(next);
  };
  for (const start of table.chains) {
    enter(start);
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const jump = visit.jumps[visit.at++];
      if (jump) take(jump);
      else leave(visit);
    }
  }
  return { closing, levels };
}

/** Gives how many chains deep a packet gets by a jump to a chain; 0 where there is no such chain. */
function levelBelow(to: string, byName: ReadonlyMap<string, Chain>, levels: ReadonlyMap<string, number>): number {
  return byName.has(to) ? 1 + (levels.get(to) ?? 0) : 0;
}

function describeLoop(path: readonly Visit[], from: number, end: string): string {
  const names = path.slice(from, from + NAMED_AT_MOST).map(({ chain }) => chain.name);
  const left = path.length - from - names.length;
  const middle = left > 0 ? [`(${left} more)`] : [];
  return `This jump creates a loop of chains, which the kernel rejects: ${[...names, ...middle, end].join(" → ")}.`;
}

/**
 * Gives how many chains deep a packet gets from a built-in chain at most, and which chain that is; nf_tables counts a goto like a jump
 * (`nft_immediate_validate`). The rule is the first one on the way. The table must have no loop.
 */
function measureDepth(table: Table): Depth {
  const measured = DEPTHS.get(table) ?? measureEachChain(table);
  DEPTHS.set(table, measured);
  return measured;
}

interface Depth {
  readonly deepest: string;
  readonly levels: number;
  readonly rule: Rule | null;
}

const DEPTHS = new WeakMap<Table, Depth>();

function measureEachChain(table: Table): Depth {
  const byName = chainsByName(table);
  const { levels } = followJumps(table);
  let [deepest, most] = ["", 0];
  for (const name of listStarts(table)) {
    const level = levels.get(name) ?? 0;
    if (level > most) [deepest, most] = [name, level];
  }
  const start = byName.get(deepest);
  const jump = start && listJumps(start).find(({ to }) => levelBelow(to, byName, levels) === most);
  return { deepest, levels: most, rule: jump?.rule ?? null };
}

/** Chains that the kernel calls: those of iptables by their names, others by what they say of themselves. */
export function listStarts({ name, source, chains }: Table): readonly string[] {
  return source === "nft" ? chains.flatMap((chain) => (chain.base ? chain.name : [])) : listBuiltInChains(name);
}
