import { LandfallError } from "../../errors.ts";
import { finding, type Parsed } from "../../model/finding.ts";

/** One of several machines that share a run: `--shard 2/4` is `{ index: 2, count: 4 }`. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/**
 * Reads `K/N`, 1 ≤ K ≤ N ≤ 9999: `parseShard("2/4")` is `{ ok: true, value: { index: 2, count: 4 } }`. Anything else is `invalid-value`.
 */
export function parseShard(text: string): Parsed<Shard> {
  const found = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text);
  const [index, count] = [Number(found?.[1]), Number(found?.[2])];
  if (found && index <= count) return { ok: true, value: { index, count } };
  const isTooMany = /^[1-9]\d*\/[1-9]\d{4,}$/.test(text);
  const message = isTooMany
    ? `"${text}" is not a shard: a run has at most 9999.`
    : `"${text}" is not a shard; write K/N with K from 1 to N, as in 2/4.`;
  return { ok: false, findings: [finding("--shard", message)] };
}

/**
 * Gives a shard's part of a list, in order: every Nth element, so that neighbours of like cost are spread; all parts together are the list.
 *
 * @example
 * takeShard(["a", "b", "c", "d", "e"], { index: 1, count: 2 })   // ["a", "c", "e"]
 */
export function takeShard<T>(list: readonly T[], { index, count }: Shard): readonly T[] {
  return list.filter((_, i) => i % count === index - 1);
}

/**
 * Gives a shard's part of what is to be run. Throws `bad-usage` where the part is empty although there is something to run: such a run
 * could never fail.
 *
 * @example
 * takeShardToRun(["a"], { index: 2, count: 2 })   // throws: There is one scenario, so that shard 2 of 2 has none; …
 */
export function takeShardToRun<T>(list: readonly T[], shard: Shard): readonly T[] {
  const part = takeShard(list, shard);
  if (part.length > 0 || list.length === 0) return part;
  const there = list.length === 1 ? "There is one scenario" : `There are ${list.length} scenarios`;
  const message = `${there}, so that shard ${shard.index} of ${shard.count} has none; use no more shards than scenarios.`;
  throw new LandfallError("bad-usage", message);
}
