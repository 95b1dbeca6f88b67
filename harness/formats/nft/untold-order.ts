import type { Chain, Table } from "../../model/ruleset.ts";
import { recogniseNft } from "./read-nft.ts";
import type { NftTables } from "./read-ruleset.ts";

/**
 * Gives a sentence for each pair of base chains whose order a live listing does not tell: those of two tables at one hook and priority run
 * in the order in which they were registered, the last one first, and `nft -j list ruleset` lists tables as they were made. A file says its
 * order itself; one that nft has printed is known by its `metainfo`.
 */
export function findUntoldOrder(text: string, { tables }: Pick<NftTables, "tables">): readonly string[] {
  if (recogniseNft(text) !== "json" || !text.includes('"metainfo"')) return [];
  return findTies(tables).map(
    ([one, other]) =>
      `This listing does not tell which runs first, ${one} or ${other}: both stand at one hook and priority. Give the files that were loaded, in their order.`,
  );
}

/**
 * Gives the names of each two base chains of several tables that stand at one hook and priority: the kernel runs first what was registered
 * last, which no listing of a live namespace tells.
 *
 * @example
 * findTies(tables)   // [["ip nat OUTPUT", "inet own out"]]
 */
export function findTies(tables: readonly Table[]): readonly (readonly [one: string, other: string])[] {
  const bases = tables.flatMap((table, place) =>
    table.chains.flatMap((chain) => (saysSomething(chain, table) ? [{ chain, table, place }] : [])),
  );
  return bases.flatMap((one) =>
    bases
      .filter((other) => one.place < other.place && isTie(one, other))
      .map((other) => [nameChain(one), nameChain(other)] as const),
  );
}

interface PlacedChain {
  readonly chain: Chain;
  readonly table: Table;
}

function saysSomething({ base, rules }: Chain, { isDormant }: Table): boolean {
  return base !== null && !isDormant && (rules.length > 0 || base.policy === "DROP");
}

/** Tables of ip and ip6 have no packet in common. */
function isTie(one: PlacedChain, other: PlacedChain): boolean {
  const [a, b] = [one.chain.base, other.chain.base];
  const isApart =
    one.table.family !== "inet" && other.table.family !== "inet" && one.table.family !== other.table.family;
  return !isApart && a?.hook === b?.hook && a?.priority === b?.priority;
}

function nameChain({ chain, table }: PlacedChain): string {
  const from = table.source === "nft" ? table.family : `${table.source} ${table.family}`;
  return `${from} ${table.name} ${chain.name}`;
}
