import { renderCount } from "../model/listed-words.ts";
import type { BackendName, Report, ScenarioReport } from "../model/report.ts";
import { countUnnamed, type ToldCause, tellCauses } from "./causes-phrase.ts";
import {
  describeAsked,
  describeClasses,
  describeClassFailure,
  describeUnseenFamily,
  listDoubtful,
  listLeft,
} from "./classes-phrase.ts";
import { describeOmission, type EvidenceRow, isSentence } from "./evidence.ts";
import { describeLanding } from "./landing-phrase.ts";
import { codeCell, codeSpan, escapeMarkdown } from "./markdown-text.ts";
import { describeRequired, describeRequiredOfAll } from "./required-by-phrase.ts";
import { isGreen } from "./told-causes.ts";

/** Flows that could not be observed, of each scenario, that are named. */
const UNSEEN_NAMED = 10;

/**
 * Gives the report as GitHub-flavoured Markdown, for a pull request or a step summary: the verdict in one line, then the causes of what
 * failed, each with its rule and two flows. Scenarios that passed are one line together.
 *
 * @example
 * renderMarkdown(report).split("\n")[0]   // "### ✅ landfall: 2 of 2 flows landed as expected"
 */
export function renderMarkdown(report: Report): string {
  const { summary, scenarios, sandbox } = report;
  const failed = scenarios.filter((scenario) => !isGreen(scenario));
  const passed = scenarios.length - failed.length;
  const counts = [
    `${summary.pass} of ${summary.flows} flows landed as expected`,
    ...(summary.wrong > 0 ? [`${summary.wrong} not as expected`] : []),
    ...(summary.omissions > 0 ? [`${summary.omissions} required settings are omitted`] : []),
    ...(summary.couldNotLook > 0 ? [`${summary.couldNotLook} could not be observed`] : []),
    ...(summary.mispredicted > 0 ? [`${summary.mispredicted} were predicted wrongly`] : []),
    ...(summary.asked ? [describeAsked(summary.asked)] : []),
  ];
  const mark = failed.length === 0 ? "✅" : "❌";
  const shared = describeRequiredOfAll(report);
  const kernel = sandbox.kernel === null ? "" : `, Linux ${sandbox.kernel}`;
  return [
    `### ${mark} landfall: ${counts.join(", ")}`,
    "",
    `${passed} of ${renderCount(scenarios.length, "scenario")} passed (${sandbox.backend}${escapeMarkdown(kernel)}).`,
    "",
    ...renderRequired(shared),
    ...scenarios.filter(isGreen).flatMap((scenario) => renderDriven(scenario, sandbox.backend)),
    ...failed.flatMap((scenario) => renderScenario(scenario, sandbox.backend, shared === null)),
  ].join("\n");
}

/** What the verdict was judged by; nothing where a report does not tell. */
function renderRequired(required: ReturnType<typeof describeRequired>): readonly string[] {
  return required === null ? [] : [`${required.label} ${codeSpan(required.text)}.`, ""];
}

function renderScenario(scenario: ScenarioReport, backend: BackendName, isNamed: boolean): readonly string[] {
  const { name, claim, omissions, classes, asked, notLookedAt, flows } = scenario;
  const unseen = flows.filter(({ verdict }) => verdict === "could-not-look");
  const unknown = [
    ...(notLookedAt ?? []).map(describeUnseenFamily),
    ...(classes?.failure ? [describeClassFailure(classes.failure)] : []),
    ...(classes ? listLeft(classes) : []),
    ...(asked ? listDoubtful(asked) : []),
    ...unseen.slice(0, UNSEEN_NAMED).map(({ flow, observed }) => `${flow}: ${describeLanding(observed)}`),
    ...(unseen.length > UNSEEN_NAMED ? [`and ${unseen.length - UNSEEN_NAMED} more flows could not be observed`] : []),
  ];
  return [
    `#### ${escapeMarkdown(name)}: ${escapeMarkdown(claim)}`,
    "",
    ...renderRequired(isNamed ? describeRequired(scenario) : null),
    ...omissions.flatMap((omission) => [
      "❌ **The rules omit required configuration**",
      "",
      ...listRows(describeOmission(omission)),
      "",
    ]),
    ...tellCauses(scenario, backend).flatMap(renderCause),
    ...(unknown.length === 0 ? [] : [...unknown.map((line) => `- ❓ ${escapeMarkdown(line)}`), ""]),
    ...renderDriven(scenario, backend),
  ];
}

/** What the flows are of which the verdict speaks, where landfall has chosen them. */
function renderDriven({ classes }: ScenarioReport, backend: BackendName): readonly string[] {
  if (!classes || classes.failure !== null) return [];
  return [`${escapeMarkdown(describeClasses(classes, backend))}.`, ""];
}

function renderCause({ heading, rows, shown, others, unnamed }: ToldCause): readonly string[] {
  return [
    `❌ **${escapeMarkdown(heading)}**`,
    "",
    ...listRows(rows),
    "",
    "| flow | expected | got |",
    "|---|---|---|",
    ...shown.map(
      ({ flow, rows: ends }) => `| ${[flow.flow, ...ends.map(([, text]) => text)].map(codeCell).join(" | ")} |`,
    ),
    "",
    ...(others.length === 0 ? [] : [`Also ${[...others.map(codeSpan), ...countUnnamed(unnamed)].join(", ")}.`, ""]),
  ];
}

function listRows(rows: readonly EvidenceRow[]): readonly string[] {
  return rows.map(([name, text]) => `- ${name}: ${isSentence(name) ? escapeMarkdown(text) : codeSpan(text)}`);
}
