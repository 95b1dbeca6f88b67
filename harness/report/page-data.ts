import type { FlowReport, Report, ScenarioReport } from "../model/report.ts";
import { WAY_FIELDS, type Way } from "../model/way.ts";

/** A packet of a way: its name, its steps, its ends, and the policy that drops it, each as the number of a text; -1: none does. */
export type PagePacket = readonly [name: number, steps: readonly number[], ends: readonly number[], dropped: number];

/** A way: which steps it has, and the packets of each connection. */
export type PageWay = readonly [steps: Way["steps"], connections: readonly (readonly PagePacket[])[]];

/** A flow: which way it goes, -1 where that is not known, and its {@link WAY_FIELDS}; addresses as the number of a text. */
export type PageFlow = readonly [way: number, from: number, to: number, port: number, uid: number, gid: number];

/** What the page's script knows beside what stands in the page. */
export interface PageData {
  readonly fields: readonly string[];
  /** Every text once; all others are numbers of these. */
  readonly texts: readonly string[];
  /** As the page has them: a flow's row is `flow-SCENARIO-FLOW`. */
  readonly scenarios: readonly {
    readonly explain: string | null;
    readonly verify: string | null;
    readonly ways: readonly PageWay[];
    readonly flows: readonly PageFlow[];
  }[];
}

/** Gives what the page's script knows of a report. A text that thousands of steps share stands there once. */
export function makePageData({ scenarios }: Report): PageData {
  const texts = new Map<string, number>();
  const keep = (text: string): number => {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, texts.size);
    return texts.size - 1;
  };
  const told = scenarios.map((scenario) => describeScenario(scenario, keep));
  return { fields: WAY_FIELDS, texts: [...texts.keys()], scenarios: told };
}

type Keep = (text: string) => number;

function describeScenario({ commands, ways = [], flows }: ScenarioReport, keep: Keep): PageData["scenarios"][number] {
  return {
    explain: commands?.explain ?? null,
    verify: commands?.verify ?? null,
    ways: ways.map((way) => describeWay(way, keep)),
    flows: flows.map((flow) => describeFlow(flow, keep)),
  };
}

function describeWay({ steps: kept, connections }: Way, keep: Keep): PageWay {
  const packetsOf = ({ packets }: Way["connections"][number]) =>
    packets.map(({ packet, steps, ends, dropped }): PagePacket => {
      const policy = dropped === undefined ? -1 : keep(dropped);
      return [keep(packet), steps.map(keep), ends.map(keep), policy];
    });
  return [kept, connections.map(packetsOf)];
}

function describeFlow({ way = -1, from, to }: FlowReport, keep: Keep): PageFlow {
  return [way, keep(from.address), keep(to.address), to.port, from.uid, from.gid];
}

/** Gives data as JSON that can stand in a `script` element, whatever its texts hold: no `<` is in it. */
export function renderPageData(data: PageData): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
