import { type MappedClass, mapFlows } from "../../analysis/map.ts";
import { glanceFlows } from "../../analysis/map-glance.ts";
import { FLOW_PROTOCOLS } from "../../model/flow.ts";
import type { FlowSet } from "../../model/flow-set.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import { greatestOf } from "../../model/greatest.ts";
import { listFamilies } from "../../model/ruleset.ts";
import { renderJson } from "../../report/json.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { OptionSpec } from "../arguments/options.ts";
import { analysedProtocols, nameProtocols, renderWithin, withinData } from "../arguments/restriction.ts";
import type { Command, CommandIo } from "../command.ts";
import { ANALYSIS_OPTIONS, type AnalysisInput, readAnalysisInput } from "../input/analysis-input.ts";
import { listUnshown, renderGlance, tellUnshown } from "../output/map-text.ts";
import { chooseColumns } from "../output/text-columns.ts";
import type { CommandHelp } from "./help.ts";

/** The room a flow takes where its conditions stand beside it. */
const FLOW_COLUMNS = 30;

const SPECS: readonly OptionSpec[] = [
  {
    name: "all",
    value: null,
    help: "lists every class of flows with an example, those of sockets bound to an address too",
  },
];

const HELP: CommandHelp = {
  usage: ["landfall map [MESH OPTION…] [OPTION…]"],
  about: [
    'Prints where every TCP flow lands, and which rule decides it. Each line is about exactly the flows that it names; "all others" are the flows with the same start and end that no other line names. Without mesh options it uses the rules of the seed command. It drives no traffic.',
  ],
  options: [{ title: "Options", options: [...SPECS, ...ANALYSIS_OPTIONS] }],
  captureFlags: "listed",
  examples: [["landfall map --rules rules.txt", "where flows land under rules from a file"]],
  exitCodes: {
    0: "printed",
    2: "bad input",
    3: "the landing of some class is unknown, the budget ran out, or no rules were given for a family of the pod",
  },
};

/** `landfall map`: the complete table of all TCP flows and their landings. */
export const map: Command = {
  help: HELP,
  async run(args, io) {
    const input = readAnalysisInput(args, SPECS, io, FLOW_PROTOCOLS);
    if (input.line.purpose === "usage") return { helpOn: input.line.named };
    const { rules, setting, line } = input;
    const { within } = setting;
    if (!line.options.values.has("json") && !line.options.values.has("all")) {
      const glances = listFamilies(rules).map((family) => glanceFlows(rules, family, setting));
      io.out(renderWithin(within) + renderGlance(glances, rules, { ...io, within }));
      return glances.every(({ isKnown }) => isKnown) && input.notLookedAt.length === 0 ? 0 : 3;
    }
    const classes = listFamilies(rules).flatMap((family) => mapFlows(rules, family, setting));
    io.out(
      line.options.values.has("json")
        ? renderData(classes, input)
        : renderWithin(within) + renderMap(classes, io, within),
    );
    const isAllKnown = classes.every(({ landing }) => landing.kind !== "could-not-look");
    return isAllKnown && input.notLookedAt.length === 0 ? 0 : 3;
  },
};

function renderData(classes: readonly MappedClass[], { setting }: AnalysisInput): string {
  return renderJson({
    ...withinData(setting.within),
    protocols: analysedProtocols(setting.within),
    classes: listClasses(classes),
  });
}

/** Gives a map as data. */
export function listClasses(classes: readonly MappedClass[]) {
  return classes.map(({ class: text, witness, landing }) => ({
    class: text,
    witness: flowData(witness.flow),
    landing,
  }));
}

/** Gives a map as text, as wide as the display: under each lane its landings, a flow that stands for each, and which flows land there. */
export function renderMap(
  classes: readonly MappedClass[],
  { display }: Pick<CommandIo, "display">,
  within?: FlowSet,
): string {
  const columns = chooseColumns(display);
  const widest = greatestOf(classes.map(({ kind }) => kind.length));
  // Where a landing and a flow do not fit side by side, the flow stands beneath.
  const termColumns = widest + FLOW_COLUMNS + 4 <= columns ? widest : 0;
  const lanes = [...Map.groupBy(classes, ({ lane }) => lane)].map(
    ([lane, members]) =>
      `${wrapLine(lane, 2, columns)}\n${members.map((member) => renderMember(member, termColumns, columns)).join("")}`,
  );
  const named = nameProtocols(analysedProtocols(within));
  const count = `${classes.length} classes; every ${named} flow that can reach the rules is in one of them.${tellUnshown(listUnshown(within))}`;
  return `${lanes.join("\n")}\n${wrapLine(count, 0, columns)}\n`;
}

function renderMember(member: MappedClass, termColumns: number, columns: number): string {
  const indent = termColumns + 4;
  const gap = termColumns === 0 ? `\n${" ".repeat(indent)}` : "  ";
  return `  ${member.kind.padEnd(termColumns)}${gap}${describeMember(member, indent, columns)}\n`;
}

/** The flow and the conditions on one line where they fit, else beneath each other. */
function describeMember({ class: text, lane, witness }: MappedClass, indent: number, columns: number): string {
  const conditions = text.slice(lane.length + 2);
  const flow = renderFlowText(witness.flow.spec).padEnd(FLOW_COLUMNS);
  if (indent + flow.length + 2 + conditions.length <= columns) return `${flow}  ${conditions}`;
  return `${flow.trimEnd()}\n${wrapLine(" ".repeat(indent) + conditions, indent, columns)}`;
}
