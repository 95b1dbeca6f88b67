import type { Landing } from "../../model/landing.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import type { TraceStep } from "../../model/trace.ts";
import type { PacketTrace } from "../../netfilter/recording.ts";
import type { ConnectionTrace, Explanation } from "../../netfilter/simulator.ts";
import { describeLanding } from "../../report/landing-phrase.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { ObservedCount } from "../../run/observation/flow.ts";

/** What the kernel has counted for a rule; undefined where nothing was driven. */
export type CountOf = (place: RulePlace) => ObservedCount | undefined;

/** Where a reason stands: beneath its rule. */
const REASON_INDENT = 10;

/**
 * Gives the way of a flow for a reader: a paragraph for each packet shown, with the rules that it met in order, `*` before those that
 * matched, a reason under each other, and the policies that held. Its lines are as long as they are: {@link foldWay} breaks them.
 */
export function renderWay({ connections }: Explanation, show: "deciding" | "all", countOf: CountOf): string {
  return connections.flatMap((connection, i) => renderConnection(connection, i, show, countOf)).join("");
}

/** Gives the landing in one sentence, and every other that is possible where it is not known. */
export function renderOutcome(flow: string, { landing, possible, unknown }: Explanation): string {
  if (unknown.length === 0) return `${flow} lands: ${describeLanding(landing)}\n`;
  const cases = possible.map((one) => `  - ${describeLanding(one)}\n`);
  const head = `${flow}: unknown, because it depends on ${unknown.join("; ")}`;
  return `${head}\n${cases.length > 0 ? `It lands on one of these:\n${cases.join("")}` : ""}`;
}

/** Gives the kernel's landing in one sentence. */
export function renderObserved(landing: Landing): string {
  return `In the kernel: ${describeLanding(landing)}\n`;
}

/** Breaks the lines of a way and its outcome at so many columns, one unbroken word aside; the rest stands beneath its own text. */
export function foldWay(text: string, columns: number): string {
  return text.replace(/^.+$/gm, (line) => wrapLine(line, indentOf(line), columns));
}

function indentOf(line: string): number {
  const [rule] = /^ {4}[*? ] +\d+\. /.exec(line) ?? [];
  const start = line.search(/\S/);
  return rule?.length ?? (start < REASON_INDENT ? start + 2 : start);
}

/** Gives the packets worth showing: the first of each connection, and those that rules stopped. */
export function selectPackets(packets: readonly PacketTrace[], show: "deciding" | "all"): readonly PacketTrace[] {
  return show === "all" ? packets : packets.filter((packet, i) => i === 0 || isStopped(packet));
}

function isStopped({ steps, policies }: PacketTrace): boolean {
  const stops = ["drop", "reject", "unknown"];
  return (
    steps.some(({ verdict }) => stops.includes(verdict ?? "")) || policies.some(({ verdict }) => verdict === "drop")
  );
}

function renderConnection(
  { source, destination, owner, packets }: ConnectionTrace,
  index: number,
  show: "deciding" | "all",
  countOf: CountOf,
): readonly string[] {
  const who = `${source.replace(/:0$/, "")} -> ${destination}, uid ${owner.uid}, gid ${owner.gid}`;
  const head = index === 0 ? `It dials ${who}.` : `Then the stub Envoy dials ${who}.`;
  const shown = selectPackets(packets, show);
  const body =
    shown.length === 0
      ? ["  Its packets reach no rule in the pod.\n"]
      : shown.flatMap((packet) => renderPacket(packet, countOf));
  return [`${head}\n`, ...body, "\n"];
}

function renderPacket(
  { packet, source, destination, steps, policies }: PacketTrace,
  countOf: CountOf,
): readonly string[] {
  const policyLines = policies
    .filter(({ verdict }) => verdict === "drop")
    .map(({ table, chain }) => `    ${table} ${chain}: the policy drops it\n`);
  return [
    `  ${packet} from ${source} to ${destination}\n`,
    ...(steps.length === 0 ? ["    no rule reached\n"] : []),
    ...steps.flatMap((step, i) => renderStep(step, steps[i - 1], countOf)),
    ...policyLines,
  ];
}

function renderStep(step: TraceStep, before: TraceStep | undefined, countOf: CountOf): readonly string[] {
  const isSameChain = before?.hook === step.hook && before.table === step.table && before.chain === step.chain;
  const heading = isSameChain ? [] : [`    ${step.hook}: ${step.table} ${step.chain}\n`];
  const mark = step.matched === true ? "*" : step.matched === "unknown" ? "?" : " ";
  const counted = countOf(step);
  const handle = counted?.handle === undefined ? "" : `, handle ${counted.handle}`;
  const count = counted === undefined ? "" : `  [the kernel counted ${counted.packets}${handle}]`;
  const text = step.rule.replace(`-A ${step.chain} `, "") + count;
  const why = step.why === null ? [] : [`${" ".repeat(REASON_INDENT)}${step.why}\n`];
  return [...heading, `    ${mark} ${String(step.index).padStart(2)}. ${text}\n`, ...why];
}
