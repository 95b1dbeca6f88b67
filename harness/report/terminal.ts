import { renderCount } from "../model/listed-words.ts";
import type { BackendName, FlowReport, Omission, Report, ScenarioReport } from "../model/report.ts";
import { tellCauses } from "./causes-phrase.ts";
import { CELLS } from "./cells.ts";
import {
  describeClasses,
  describeClassFailure,
  describeUnseenFamily,
  listDoubtful,
  listLeft,
  tellAsked,
} from "./classes-phrase.ts";
import { describeUnhit } from "./coverage-phrase.ts";
import { describeOmission } from "./evidence.ts";
import { describeRule, shortenLanding } from "./landing-phrase.ts";
import { MARKS } from "./marks.ts";
import { describeRequired, describeRequiredOfAll } from "./required-by-phrase.ts";
import { renderCause, renderFailed } from "./terminal-causes.ts";
import { makePaint, type Paint, renderEvidence, STYLES, type TerminalLook } from "./terminal-look.ts";
import { renderRequired, renderSummary } from "./terminal-summary.ts";
import { FEW_FLOWS, isClear, isGreen, isInCause, selectEvidence, type ToldCauses } from "./told-causes.ts";
import { wrapLine } from "./wrap-line.ts";

const GAP = "  ";
/**
 * Gives the report as a person reads it: each scenario's claim, a row for each flow, beneath each flow that did not pass what was expected,
 * predicted and seen and the rules that took it, and the sum at the end.
 *
 * @example
 * renderTerminal(report, { columns: 80, color: "plain" })
 */
export function renderTerminal(report: Report, look: TerminalLook): string {
  const paint = makePaint(look);
  const shown = report.scenarios.filter((scenario) => look.rows !== "none" || !isGreen(scenario));
  const isNamed = describeRequiredOfAll(report) === null;
  const scenarios = shown.map((scenario) => renderScenario(scenario, report.sandbox.backend, look, paint, isNamed));
  return [...scenarios, ...renderFailed(report, look, paint), renderSummary(report, look, paint)].join("\n");
}

function renderScenario(
  scenario: ScenarioReport,
  backend: BackendName,
  look: TerminalLook,
  paint: Paint,
  isNamed: boolean,
): string {
  // What stands for a class is one of many, unless it was asked for or is wrong: the number of classes tells of it.
  const isOneOfMany = (each: FlowReport) => !scenario.asked && each.chosenFor === "class" && isClear(each);
  const isTold = (each: FlowReport) => isClear(each) || isInCause(each, scenario);
  const listed = scenario.flows.filter((each) => !isOneOfMany(each));
  const rows = chooseRows(scenario, listed, look);
  const shown = rows === "all" ? listed : listed.filter((each) => !isTold(each));
  const flow = chooseFlowWidth(shown, look);
  const told = new Map<string, string>();
  const blocks = (["answer", "forward"] as const).flatMap((manner) => {
    const flows = shown.filter((each) => each.manner === manner);
    const landing = Math.max(...flows.map((each) => shortenLanding(each).length), 0);
    const heading = manner === "forward" && flows.length > 0 ? [paint("dim", "  where the proxy forwards:")] : [];
    const table = { flow, landing, told, backend, scenario };
    return [...heading, ...flows.flatMap((each) => renderFlow(each, table, look, paint))];
  });
  const title = `${paint("bold", scenario.name)}: ${scenario.claim}`;
  const notices = scenario.notices.map(
    (notice) => `  ${paint("yellow", "!")} ${wrapLine(`    ${notice}`, 4, look.columns, CELLS).trimStart()}`,
  );
  const omissions = scenario.omissions.flatMap((omission) => renderOmission(omission, look, paint));
  const classes = renderClasses(scenario, backend, rows, look, paint);
  const causes = tellCauses(scenario, backend).flatMap((cause) => renderCause(cause, look, paint));
  // Of several scenarios those that are green need no further words.
  const named = isNamed && !isGreen(scenario) ? describeRequired(scenario) : null;
  const required = renderRequired(named, 2, look, paint);
  const parts = [
    ...required,
    ...notices,
    ...omissions,
    ...(rows === "folded" ? [renderFolded(scenario, paint)] : []),
    ...blocks,
    ...causes,
    ...classes,
    ...renderCoverage(scenario, paint),
  ];
  return [title, ...parts, ""].join("\n");
}

/** Whoever reads a failure at the top of a terminal would read hundreds of rows first that tell nothing of it. */
function chooseRows(
  scenario: ScenarioReport,
  { length }: readonly FlowReport[],
  { rows = "all" }: TerminalLook,
): NonNullable<TerminalLook["rows"]> {
  if (rows !== "folded") return rows;
  // Whoever asks for some flows looks for each of them.
  return isGreen(scenario) || scenario.asked || length <= FEW_FLOWS ? "all" : "folded";
}

/** The flows of causes are told beneath those. */
function renderFolded({ flows }: ScenarioReport, paint: Paint): string {
  const told = renderCount(flows.filter(isClear).length, "flow");
  return `  ${paint(STYLES.pass, MARKS.pass)} ${told} as expected ${paint("dim", "(--every-flow lists each)")}`;
}

function renderClasses(
  scenario: ScenarioReport,
  backend: BackendName,
  rows: TerminalLook["rows"],
  look: TerminalLook,
  paint: Paint,
) {
  const { classes, asked, notLookedAt } = scenario;
  const unseen = (notLookedAt ?? []).map((family) => `? ${describeUnseenFamily(family)}`);
  const failed = classes?.failure ? [`? ${describeClassFailure(classes.failure)}`] : [];
  const hidden = rows === "all" && !asked && scenario.flows.some((each) => each.chosenFor === "class" && isClear(each));
  const rest = hidden ? "; these are in the list above only if they landed wrong" : "";
  const told = classes && !classes.failure ? [`${describeClasses(classes, backend)}${rest}`] : [];
  const left = classes ? listLeft(classes).map((line) => `? ${line}`) : [];
  const narrowed = tellAsked(asked).map((line) => `! ${line}`);
  const doubtful = asked ? listDoubtful(asked).map((line) => `? ${line}`) : [];
  return [...narrowed, ...doubtful, ...told, ...left, ...failed, ...unseen].flatMap((line) => {
    const wrapped = wrapLine(`  ${line}`, 4, look.columns, CELLS).split("\n");
    return /^[?!] /.test(line) ? wrapped.map((part) => paint("yellow", part)) : wrapped;
  });
}

function renderOmission(omission: Omission, look: TerminalLook, paint: Paint): readonly string[] {
  const head = `  ${paint("red", "✗")} ${paint("red", "the rules omit required configuration, and no flow can reveal it")}`;
  return [head, ...renderEvidence(describeOmission(omission), look, paint)];
}

/** What rows of one scenario have in common. */
interface Table {
  /** Width of the longest flow that has its landing beside it, and of the longest landing. */
  readonly flow: number;
  readonly landing: number;
  readonly told: ToldCauses;
  readonly backend: BackendName;
  readonly scenario: ScenarioReport;
}

/**
 * Gives the width of the longest flow that has room for every landing beside it. Few flows are longer, and their landings stand beneath
 * them or further right, so that the other landings stay where they are.
 */
function chooseFlowWidth(flows: readonly FlowReport[], { columns }: TerminalLook): number {
  const answered = flows.filter(({ manner }) => manner === "answer");
  const widest = Math.max(...answered.map((each) => shortenLanding(each).length), 0);
  const room = columns - 4 - GAP.length - widest;
  return Math.max(...flows.map((each) => each.flow.length).filter((length) => length <= room), 0);
}

function renderFlow(flow: FlowReport, table: Table, look: TerminalLook, paint: Paint): readonly string[] {
  const style = STYLES[flow.verdict];
  const landing = shortenLanding(flow);
  const start = `  ${paint(style, MARKS[flow.verdict])} `;
  const painted = flow.verdict === "pass" ? landing : paint(style, landing);
  const room = look.columns - 4 - table.flow - GAP.length;
  const rows = isInCause(flow, table.scenario) ? [] : selectEvidence(flow, table.told, table.backend);
  const evidence = renderEvidence(rows, look, paint);
  if (landing.length > room || flow.flow.length > table.flow) {
    const isOneLine = 4 + flow.flow.length + GAP.length + landing.length <= look.columns;
    const lines = isOneLine ? [`${start}${flow.flow}${GAP}${painted}`] : [`${start}${flow.flow}`, `      ${painted}`];
    return [...lines, ...evidence];
  }
  const dialled = flow.observed.originalDestination === null ? "" : `dialled ${flow.observed.originalDestination}`;
  const pad = " ".repeat(table.landing - landing.length);
  const fits = dialled !== "" && table.landing + GAP.length + dialled.length <= room;
  const tail = fits ? `${pad}${GAP}${paint("dim", dialled)}` : "";
  return [`${start}${flow.flow.padEnd(table.flow)}${GAP}${painted}${tail}`, ...evidence];
}

function renderCoverage({ coverage }: ScenarioReport, paint: Paint): readonly string[] {
  if (coverage === null) return [];
  const head = `  flows hit ${coverage.hit} of ${coverage.rules} rules`;
  const rows = describeUnhit(coverage).map(({ rule, reach, why }) => {
    const mark = paint(reach === "unreachable" ? "dim" : "yellow", reach.padEnd(11));
    return `      ${mark} ${describeRule(rule)}${why === null ? "" : paint("dim", `; ${why}`)}`;
  });
  return [head, ...rows];
}
