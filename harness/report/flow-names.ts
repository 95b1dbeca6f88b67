import type { FlowReport } from "../model/report.ts";

/** Several flows by one name. */
interface NamedFlows {
  readonly name: string;
  readonly count: number;
}

/** A name that is longer than this is divided: names are not broken between lines. */
const NAME_AT_MOST = 68;

/**
 * Gives flows as the texts of sets, as `--flows` takes them: those of one caller to one address are one, with their ports in order. A set
 * with many ports is several.
 *
 * @example
 * nameByEnds(flows)   // [{ name: "client -> pod:21,23", count: 2 }, { name: "app -> upstream:80 (forwarded)", count: 1 }]
 */
export function nameByEnds(flows: readonly Pick<FlowReport, "flow" | "manner">[]): readonly NamedFlows[] {
  const parts = flows.map(({ flow, manner }) => {
    const [, start = flow, port = "", protocol = ""] = /^(.*:)(\d+)(\/\w+)?$/.exec(flow) ?? [];
    return { start, port, tail: `${protocol}${manner === "forward" ? " (forwarded)" : ""}` };
  });
  return [...Map.groupBy(parts, ({ start, tail }) => `${start} ${tail}`).values()].flatMap((group) => {
    const [first] = group;
    const ports = [...new Set(group.map(({ port }) => port))].toSorted((a, b) => Number(a) - Number(b));
    return first ? divide(first.start, ports, first.tail) : [];
  });
}

function divide(start: string, ports: readonly string[], tail: string): readonly NamedFlows[] {
  const lists: string[][] = [];
  for (const port of ports) {
    const list = lists.at(-1);
    if (list && [start, [...list, port].join(","), tail].join("").length <= NAME_AT_MOST) list.push(port);
    else lists.push([port]);
  }
  return lists.map((list) => ({ name: `${start}${list.join(",")}${tail}`, count: list.length }));
}
