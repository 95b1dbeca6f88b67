import type { Lane } from "./lanes.ts";
import { nameWithoutSocket } from "./socket-lanes.ts";

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
  const roads = Map.groupBy(lanes, ({ lane }) => nameWithoutSocket(lane));
  return [...roads.values()].flatMap((group) => {
    const plain = group.find(({ lane: { socket } }) => socket.ports === null && socket.mark === 0);
    const keyed = group.map(({ lane, rows }) => new Map(rows.map((row) => [keyOf(row, lane), row])));
    const isShared = (key: string | null) => key !== null && keyed.every((rows) => rows.has(key));
    return group.flatMap((one) =>
      one.rows.flatMap((row) => {
        const key = keyOf(row, one.lane);
        if (plain === undefined || !isShared(key)) return [row];
        return one === plain ? [join([row, ...keyed.flatMap((rows) => rows.get(key) ?? [])])] : [];
      }),
    );
  });
}
