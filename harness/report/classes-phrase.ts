import type { Family } from "../model/address.ts";
import type { AskedReport } from "../model/asked-report.ts";
import { hasKernel } from "../model/backends.ts";
import { listWords, renderCount } from "../model/listed-words.ts";
import type { BackendName, ClassReport, Report } from "../model/report.ts";

/** Classes of which each is told a flow; beyond them their number is. */
const TOLD_AT_MOST = 20;

/**
 * Says how many classes of flows there are, what became of them, what a class is, and what the flows are that were driven:
 * `142 classes of TCP flows, all driven; …`, `142 classes of TCP and UDP flows: 139 driven, 1 without a requirement, 2 not driven; …`.
 * Without a kernel they are predicted.
 */
export function describeClasses(
  { total, protocols = ["tcp"], driven, unspecified, left, ...flows }: Omit<ClassReport, "remaining" | "failure">,
  backend: BackendName,
): string {
  const act = hasKernel(backend) ? "driven" : "predicted";
  const named = listProtocolNames(protocols);
  const classes = `${total} ${total === 1 ? "class" : "classes"} of ${named} flows`;
  const meaning = `; a class is all flows that rules and settings treat alike${describeFlowsOf(flows)}`;
  if (left === 0 && unspecified === 0) return `${classes}, all ${act}${meaning}`;
  const free = unspecified === 0 ? "" : `, ${unspecified} without a requirement`;
  return `${classes}: ${driven} ${act}${free}${left === 0 ? "" : `, ${left} not driven`}${meaning}`;
}

/** Says what the flows of a run are, so that their numbers add up to that of its sum; reports of earlier versions do not tell. */
function describeFlowsOf({ boundaryFlows, classFlows }: Pick<ClassReport, "boundaryFlows" | "classFlows">): string {
  if (boundaryFlows === undefined || classFlows === undefined) return "";
  const place = "at the boundaries of what is required";
  const all = renderCount(boundaryFlows + classFlows, "flow");
  const verb = boundaryFlows === 1 ? "is" : "are";
  const told = `. Of the ${all}, ${boundaryFlows} ${verb} ${place}`;
  if (classFlows === 0) return told;
  return classFlows === 1
    ? `${told}; the other one is of a class that has no flow there`
    : `${told}; the other ${classFlows} are one of each class that has no flow there`;
}

/** Gives protocols for a sentence about all of them: `TCP`, `TCP and UDP`, `TCP, UDP and ICMP`. */
export function listProtocolNames(protocols: readonly string[]): string {
  return listWords(
    protocols.map((name) => name.toUpperCase()),
    "and",
  );
}

/** Says that a report is not about all flows: `only 3 of 94 flows were asked for`. */
export function describeAsked({ flows, of }: Pick<AskedReport, "flows" | "of">): string {
  const verb = flows === 1 ? "was" : "were";
  return `${flows < of ? `only ${flows}` : flows} of ${of} flows ${verb} asked for`;
}

/** Gives the sentence that says so of a scenario, with the patterns; none where nobody has asked for some flows alone. */
export function tellAsked(asked: AskedReport | undefined): readonly string[] {
  return asked === undefined ? [] : [`${describeAsked(asked)} (${asked.patterns.join(", ")})`];
}

/** Gives a line for each asked flow of which nothing can be said, twenty at most, and why not all that could be asked for are known. */
export function listDoubtful({ remaining, failure }: AskedReport): readonly string[] {
  const told = remaining.slice(0, TOLD_AT_MOST).map(({ flow, why }) => `not certain: ${flow}: ${why}`);
  const others = remaining.length - told.length;
  return [
    ...told,
    ...(others === 0 ? [] : [`not certain: ${others} more`]),
    ...(failure === null ? [] : [describeClassFailure(failure)]),
  ];
}

/** Gives a line for each class that is left, twenty at most, and the number of the others: `left: app -> upstream:80: was not driven`. */
export function listLeft({ remaining }: ClassReport): readonly string[] {
  const told = remaining.slice(0, TOLD_AT_MOST).map(({ flow, why }) => `not driven: ${flow}: ${why}`);
  const others = remaining.length - told.length;
  return others === 0 ? told : [...told, `not driven: ${others} more`];
}

/** Says why a run has no classes. */
export function describeClassFailure(failure: string): string {
  return `the classes of flows could not be computed: ${failure}`;
}

/** Says that a family was not looked at, and what to do about it. */
export function describeUnseenFamily(family: Family): string {
  const option = family === 4 ? "--rules" : "--rules6";
  const other = family === 4 ? 6 : 4;
  return `IPv${family} was not checked: the pod has an IPv${family} address, or the contract speaks of IPv${family}, but no file contains IPv${family} rules. Give one with ${option} (an empty file means no rules), or check only the other family with --family ${other}.`;
}

/** Says of a whole run what keeps it from being green although no flow does; empty where nothing does. */
export function describeGaps({ classes, asked, notLookedAt }: Report["summary"]): readonly string[] {
  return [
    ...(asked && asked.left > 0 ? [`${renderCount(asked.left, "flow")} not certain`] : []),
    ...(asked && asked.failed > 0 ? ["classes of flows not computed"] : []),
    ...(classes !== null && classes.left > 0 ? [`${classes.left} classes of flows not driven`] : []),
    ...(classes !== null && classes.failed > 0 ? ["classes of flows not computed"] : []),
    ...(notLookedAt > 0 ? [notLookedAt === 1 ? "1 family not checked" : `${notLookedAt} families not checked`] : []),
  ];
}
