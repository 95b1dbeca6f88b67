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
  const bases = tables.flatMap((table, place) =>
    table.chains.flatMap((chain) => (saysSomething(chain, table) ? [{ chain, table, place }] : [])),
  );
  return bases.flatMap((one) =>
    bases
      .filter((other) => one.place < other.place && isTie(one, other))
      .map(
        (other) =>
          `This listing does not tell which runs first, ${nameChain(one)} or ${nameChain(other)}: both stand at one hook and priority. Give the files that were loaded, in their order.`,
      ),
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
  return `${table.family} ${table.name} ${chain.name}`;
}
