import type { CompareMatch, CompareOperator, CompareRange } from "../../model/compare.ts";
import { POD_INTERFACE } from "../../model/pod.ts";
import { keyTraits } from "../diagrams/compare-traits.ts";

/** What each comparison is mistaken for. */
const OPPOSITES = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
  "any-bit": "no-bit",
  "no-bit": "any-bit",
} satisfies Record<CompareOperator, CompareOperator>;

/** Where the values of a key end, by the axis that they lie on. */
const LAST = { ids: 0xfffffffen, ports: 0xffffn, addresses: (1n << 128n) - 1n };

/** Gives everything a comparison can be mistaken for: turned around, an element left out, and each value moved over a boundary. */
export function editCompare(match: CompareMatch): readonly CompareMatch[] {
  // What a named set holds is the table's: an edit makes the set the rule's own.
  const own: CompareMatch = { ...match, set: null };
  const fewer =
    match.elements.length > 1
      ? match.elements.map((_, i) => ({ ...own, elements: match.elements.toSpliced(i, 1) }))
      : [];
  const moved = match.elements.flatMap((element, e) =>
    element.flatMap((range, k) =>
      editRange(range, lastOf(match, k)).map((edited) => ({
        ...own,
        elements: match.elements.with(e, element.with(k, edited)),
      })),
    ),
  );
  return [{ ...match, operator: OPPOSITES[match.operator] }, ...fewer, ...moved];
}

function lastOf({ keys }: CompareMatch, index: number): bigint {
  const key = keys[index];
  const axis = key === undefined ? null : keyTraits(key).axis;
  return axis === null ? 0xffn : key?.name.startsWith("ip ") ? 0xffffffffn : LAST[axis];
}

function editRange(range: CompareRange, last: bigint): readonly CompareRange[] {
  if ("name" in range) return [{ name: range.name === "lo" ? POD_INTERFACE : "lo" }];
  const { first, last: end } = range;
  const moved = [
    [first - 1n, end],
    [first + 1n, end],
    [first, end - 1n],
    [first, end + 1n],
    [first - 1n, end - 1n],
    [first + 1n, end + 1n],
  ] as const;
  return moved.flatMap(([low, high]) => (0n <= low && low <= high && high <= last ? [{ first: low, last: high }] : []));
}
