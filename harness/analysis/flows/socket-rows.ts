import type { Lane } from "./lane.ts";

/** What an analysis says of one lane's flows: a row for each class. */
export interface LaneRows<Row> {
  readonly lane: Lane;
  readonly rows: readonly Row[];
}

/**
 * Gives the rows of all lanes, in order. Where every socket lane of a road has the same row as the lane of unmarked sockets whose port the
 * kernel chooses, one row stands for them all: `keyOf` says what makes two rows the same (null: never the same), `join` makes one of
 * several, the first of which is the one for plain sockets. Its text names no mark and no bound port, which means: any.
 */
export function joinSocketRows<Row>(
  lanes: readonly LaneRows<Row>[],
  keyOf: (row: Row, lane: Lane) => string | null,
  join: (rows: readonly [Row, ...Row[]]) => Row,
): readonly Row[] {
  const roads = Map.groupBy(lanes, ({ lane }) => lane.road);
  return [...roads.values()].flatMap((group) => {
    const keyed = group.map(({ lane, rows }) => ({ lane, rows: rows.map((row) => ({ row, key: keyOf(row, lane) })) }));
    const byKey = keyed.map(({ rows }) => new Map(rows.map(({ row, key }) => [key, row])));
    const plain = keyed.find(({ lane: { socket } }) => socket.ports === null && socket.mark === 0);
    return keyed.flatMap((one) =>
      one.rows.flatMap(({ row, key }) => {
        const isShared = plain !== undefined && key !== null && byKey.every((rows) => rows.has(key));
        if (!isShared) return [row];
        const others = byKey.flatMap((rows) => rows.get(key) ?? []).filter((other) => other !== row);
        return one === plain ? [join([row, ...others])] : [];
      }),
    );
  });
}
