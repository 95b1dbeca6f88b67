import type { GlanceRow } from "../../analysis/join-ways.ts";
import type { Glance } from "../../analysis/map-glance.ts";
import type { FlowSet } from "../../model/flow-set.ts";
import { placeInFile, type RulePlace, renderOrigin } from "../../model/rule-place.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import { analysedProtocols, nameProtocols } from "../arguments/restriction.ts";
import type { Display } from "../command.ts";
import { chooseColumns } from "./text-columns.ts";
import { describeWay, renderWays, type WayLine } from "./way-table.ts";

const HEAD: WayLine = {
  way: "from → to",
  who: "which of them",
  third: "lands on",
  fourth: "decided by",
};
/** Rules of one row that are named one by one. */
const RULES_AT_MOST = 3;

/**
 * Gives the maps of all families at a glance, a row for each kind of landing: the way, who goes it, where it ends, and the rule that
 * decides, with its line where the rules came from a file.
 */
export function renderGlance(
  glances: readonly Glance[],
  rules: PodRules,
  { display, within }: { readonly display: Pick<Display, "columns">; readonly within?: FlowSet | undefined },
): string {
  const columns = chooseColumns(display);
  const rows = glances.flatMap((glance) => glance.rows);
  const lines = rows.map((row): WayLine => {
    const { who, kind } = row;
    return { way: describeWay(row), who, third: kind, fourth: describeRules(row, rules) };
  });
  const table = renderWays(HEAD, lines, { columns, between: ", by " });
  return `${table}\n${wrapLine(describeRest(glances, within), 0, columns)}\n`;
}

function describeRest(glances: readonly Glance[], within: FlowSet | undefined): string {
  const named = nameProtocols(analysedProtocols(within));
  const udp = listUnshown(within);
  return glances.every(({ isComplete }) => isComplete)
    ? `Every ${named} flow that can reach the rules is in one row; --all gives examples.${tellUnshown(udp)}`
    : tellUnshown([...udp, "bound sockets (--all)"]).trimStart();
}

/**
 * Gives what a map does not show though nobody has left it out, and how to ask about it: UDP, where TCP alone is looked at.
 *
 * @example
 * tellUnshown(listUnshown(within))   // " Not shown: UDP (--within 'client -> pod:80/udp')."
 */
export function listUnshown(within: FlowSet | undefined): readonly string[] {
  if (analysedProtocols(within).join() !== "tcp") return [];
  const flows = (within?.text ?? "app -> elsewhere:*").replace(/\/tcp$/, "");
  return [`UDP (--within ${quoteForShell(`${flows}/udp`)})`];
}

/** Gives the sentence that says so, with a blank before it; nothing where all is shown. */
export function tellUnshown(unshown: readonly string[]): string {
  return unshown.length === 0 ? "" : ` Not shown: ${unshown.join(", ")}.`;
}

function describeRules({ kind, deciding, withoutRule }: GlanceRow, rules: PodRules): string {
  if (kind === "could-not-look") return "not known";
  if (deciding.length === 0) return "no rule";
  const chains = Map.groupBy(deciding, ({ table, chain }) => `${table === "nat" ? "" : `${table} `}${chain}`);
  const named = [...chains].map(([chain, places]) => `${chain} ${describePlaces(places, rules)}`);
  // In the order of the ways.
  const [before, behind] = [withoutRule === "first" ? ["none"] : [], withoutRule === "later" ? ["none"] : []];
  return [...before, ...named, ...behind].join(", ");
}

function describePlaces(places: readonly RulePlace[], rules: PodRules): string {
  const inOrder = places.filter(({ index }) => index > 0).toSorted((a, b) => a.index - b.index);
  if (inOrder.length < places.length)
    return ["policy", ...(inOrder.length > 0 ? [describePlaces(inOrder, rules)] : [])].join(", ");
  const found = inOrder.map((place) => placeInFile(place, rules));
  const numbers = limitRules(joinRuns(inOrder.map(({ index }) => index)));
  const origins = found.map(renderOrigin);
  if (origins.every((origin) => origin === null)) return numbers;
  const [file, ...others] = new Set(found.map((place) => place.file));
  const lines = found.flatMap(({ line }) => line ?? []);
  // The rules of one file name it once.
  if (file !== undefined && others.length === 0 && lines.length === found.length && lines.length > 1)
    return `${numbers} (${file}:${limitRules(joinRuns(lines))})`;
  return limitRules(inOrder.map(({ index }, i) => (origins[i] === null ? `${index}` : `${index} (${origins[i]})`)));
}

function limitRules(texts: readonly string[]): string {
  const rest = texts.length > RULES_AT_MOST ? ` and ${texts.length - RULES_AT_MOST} more` : "";
  return `${texts.slice(0, RULES_AT_MOST).join(", ")}${rest}`;
}

/** Writes three and more numbers in a row as a range: `[1, 3, 4, 5]` becomes `["1", "3-5"]`. */
function joinRuns(numbers: readonly number[]): readonly string[] {
  const runs: number[][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.at(-1) === number - 1) run.push(number);
    else runs.push([number]);
  }
  return runs.flatMap((run) => (run.length > 2 ? [`${run[0]}-${run.at(-1)}`] : run.map(String)));
}
