import type { GivenRules } from "../model/given-rules.ts";
import type { NameLookup, NameLookups } from "../model/name-lookups.ts";
import type { FamilyRules } from "./interpreter.ts";
import { type JsonObject, listOf } from "./nft/ast.ts";
import { type NftRules, recogniseNft } from "./nft/read-nft.ts";
import type { TextReading } from "./text-state.ts";

/** Lookups that know whether any of them found a name. */
export interface NotedNames extends NameLookups {
  readonly usedNames: () => GivenRules["namesFrom"];
}

/** Gives the same lookups, which from now on note whether any name is found. */
export function noteNames({ user, group, service, routeTable }: NameLookups): NotedNames {
  let isUsed = false;
  const noting = (lookup: NameLookup) => (name: string) => {
    const number = lookup(name);
    isUsed ||= number !== null;
    return number;
  };
  return {
    user: noting(user),
    group: noting(group),
    service: noting(service),
    routeTable: noting(routeTable),
    usedNames: () => (isUsed ? "this-machine" : "nowhere"),
  };
}

/** Gives a text of iptables as iptables-restore takes it; null where commands stand in it, which only a shell can run. */
export function keepSaved(
  { given, isGivenWhole, where }: TextReading,
  read: FamilyRules,
  names: NotedNames,
): GivenRules | null {
  if (!isGivenWhole) return null;
  const join = (lines: readonly string[]) => (lines.length === 0 ? null : `${lines.join("\n")}\n`);
  const texts = () => ({ ip: join(given.ip), ip6: join(given.ip6), nft: null });
  return { where, texts, namesFrom: names.usedNames(), isWhole: true, read };
}

/**
 * Gives a text of nft as `nft -f` takes it. Null for chains in braces, which the kernel has under names of its own, and for a dormant
 * table, which nft 1.0.6 reads in no JSON and prints in none that can be read.
 */
export function keepNft(
  text: string,
  where: string,
  { tables, kept, ip, ip6 }: NftRules,
  names: NotedNames,
): GivenRules | null {
  const isJson = recogniseNft(text) === "json";
  const isLost = /\b(?:jump|goto)\s*\{/.test(text) || tables.some(({ isDormant }) => isDormant);
  if (isLost) return null;
  const texts = () => ({ ip: null, ip6: null, nft: isJson ? orderForLoading(text) : text });
  return { where, texts, namesFrom: names.usedNames(), isWhole: kept.length === 0, read: { ip, ip6 } };
}

/** nft lists a map before the chains that it leads to, and cannot load that. Commands stay in their order. */
function orderForLoading(text: string): string {
  const list = listOf(JSON.parse(text) as JsonObject, "nftables");
  const placeOf = (object: (typeof list)[number]) =>
    "table" in Object(object) ? 0 : "chain" in Object(object) ? 1 : 2;
  const isListing = list.every((object) => !COMMANDS.some((command) => command in Object(object)));
  return isListing ? JSON.stringify({ nftables: list.toSorted((a, b) => placeOf(a) - placeOf(b)) }) : text;
}

const COMMANDS = ["add", "create", "insert", "replace", "delete", "destroy", "flush", "rename", "reset"];
