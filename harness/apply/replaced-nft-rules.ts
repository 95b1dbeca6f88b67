import { readNft } from "../formats/nft/read-nft.ts";
import { renderNftText } from "../formats/nft/write-nft.ts";
import type { Table } from "../model/ruleset.ts";
import { type NftChange, withoutCounts } from "./nft-tables.ts";
import { subtract } from "./replaced-rules.ts";

/** Gives the rules of nft tables as command lines: `nft add rule inet istio-proxy-nat output meta l4proto tcp jump istio-output`. */
export function listNftRules(tables: readonly Table[]): readonly string[] {
  return tables.flatMap((table) => listLines(table.name, renderNftText([table])));
}

/**
 * Gives the rules that a change of nft tables takes away and no `apply` had made, as command lines. `made` are the recorded ones; without a
 * record (null) every rule that goes counts.
 */
export function listReplacedNftRules({ before, wanted }: NftChange, made: readonly string[] | null): readonly string[] {
  const stays = listNftRules(wanted);
  const own = [...stays, ...subtract(made ?? [], stays)];
  return subtract(
    before.tables.flatMap(({ name, text, json }) => {
      // What cannot be read is quoted as nft prints it.
      const read = readNft(json, { where: "nft" });
      return read.ok ? listNftRules(read.value.tables) : listLines(name, text);
    }),
    own,
  );
}

/** Every line of a chain is a rule but the first of a base chain, which says where it stands. */
function listLines(table: string, text: string): readonly string[] {
  let chain: string | null = null;
  return withoutCounts(text)
    .split("\n")
    .flatMap((line) => {
      const opened = /^\s+chain (\S+) \{$/.exec(line)?.[1];
      if (opened !== undefined || /^\s*\}$/.test(line)) {
        chain = opened ?? null;
        return [];
      }
      const isPlace = /^\s*(?:type \w+ hook|policy) /.test(line);
      return chain === null || isPlace || line.trim() === ""
        ? []
        : [`nft add rule inet ${table} ${chain} ${line.trim()}`];
    });
}
