import type { Landing } from "../../model/landing.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { quoteForShell } from "../../model/shell-words.ts";
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
/** Rules in a row that do not match and are all shown; of more, the first and the last few are. */
const [MOST_IN_A_ROW, SHOWN_AT_EACH_END] = [12, 4];

/**
 * Gives the way of a flow for a reader: a paragraph for each packet shown, with the rules that it met in order, `*` before those that
 * matched, a reason under each other, and the policies that held. Of many rules in a row that do not match, those in the middle are only
 * counted, unless all are to be shown. Its lines are as long as they are: {@link foldWay} breaks them.
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

/** Says how the first of some matches that are not understood can become known; nothing without one. */
export function renderRemedy([match]: readonly string[]): string {
  if (match === undefined) return "";
  if (match.startsWith("-m set ")) return "To say what is in the set, add --sets FILE with output of ipset save.\n";
  if (match.includes("@")) return "If nothing but time changes the set, add --timed-sets as-listed.\n";
  const [holds, fails] = ["holds", "fails"].map((answer) => quoteForShell(`${match}=${answer}`));
  return `If you know what ${match} does, add --assume ${holds} or --assume ${fails}.\n`;
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
  const [from, to] = [source, destination].map((end) => end.replace(/:0$/, ""));
  const who = `${from} -> ${to}, uid ${owner.uid}, gid ${owner.gid}`;
  const head = index === 0 ? `It dials ${who}.` : `Then the stub Envoy dials ${who}.`;
  const shown = selectPackets(packets, show);
  const body =
    shown.length === 0
      ? ["  Its packets reach no rule in the pod.\n"]
      : shown.flatMap((packet) => renderPacket(packet, show, countOf));
  return [`${head}\n`, ...body, "\n"];
}

function renderPacket(
  { packet, source, destination, steps, policies }: PacketTrace,
  show: "deciding" | "all",
  countOf: CountOf,
): readonly string[] {
  const rows = splitRows(steps);
  const policyLines = policies
    .filter(({ verdict }) => verdict === "drop")
    .map(({ table, chain }) => `    ${table} ${chain}: the policy drops it\n`);
  return [
    `  ${packet} from ${source} to ${destination}\n`,
    ...(steps.length === 0 ? ["    no rule reached\n"] : []),
    ...rows.flatMap((row, i) => renderRow(row, rows[i - 1]?.at(-1), show, countOf)),
    ...policyLines,
  ];
}

/** Gives the steps in rows: rules of one chain that do not match are one, each other rule is one of its own. */
function splitRows(steps: readonly TraceStep[]): readonly (readonly TraceStep[])[] {
  const rows: TraceStep[][] = [];
  for (const step of steps) {
    const row = rows.at(-1);
    const before = row?.at(-1);
    const goesOn = step.matched === false && before?.matched === false && isInSameChain(step, before);
    if (row && goesOn) row.push(step);
    else rows.push([step]);
  }
  return rows;
}

/** `before`: the last step of the row before. */
function renderRow(
  row: readonly TraceStep[],
  before: TraceStep | undefined,
  show: "deciding" | "all",
  countOf: CountOf,
): readonly string[] {
  const render = (step: TraceStep, i: number) => renderStep(step, i === 0 ? before : row[0], countOf);
  if (show === "all" || row.length <= MOST_IN_A_ROW) return row.flatMap(render);
  const [start, end] = [row.slice(0, SHOWN_AT_EACH_END), row.slice(-SHOWN_AT_EACH_END)];
  const hidden = row.slice(SHOWN_AT_EACH_END, -SHOWN_AT_EACH_END);
  const count = `${hidden.length.toLocaleString("en")} more rules do not match`;
  const note = `(${count}, ${hidden[0]?.index} to ${hidden.at(-1)?.index}; --all shows them)`;
  return [
    ...start.flatMap(render),
    `${" ".repeat(REASON_INDENT)}${note}\n`,
    ...end.flatMap((step) => renderStep(step, row[0], countOf)),
  ];
}

function isInSameChain(step: TraceStep, before: TraceStep | undefined): boolean {
  return before?.hook === step.hook && before.table === step.table && before.chain === step.chain;
}

function renderStep(step: TraceStep, before: TraceStep | undefined, countOf: CountOf): readonly string[] {
  const heading = isInSameChain(step, before) ? [] : [`    ${step.hook}: ${step.table} ${step.chain}\n`];
  const mark = step.matched === true ? "*" : step.matched === "unknown" ? "?" : " ";
  const counted = countOf(step);
  const handle = counted?.handle === undefined ? "" : `, handle ${counted.handle}`;
  const count = counted === undefined ? "" : `  [the kernel counted ${counted.packets}${handle}]`;
  const text = step.rule.replace(`-A ${step.chain} `, "") + count;
  const why = step.why === null ? [] : [`${" ".repeat(REASON_INDENT)}${step.why}\n`];
  return [...heading, `    ${mark} ${String(step.index).padStart(2)}. ${text}\n`, ...why];
}
