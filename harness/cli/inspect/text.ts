import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { mapFlows } from "../../analysis/map.ts";
import type { Glance } from "../../analysis/map-glance.ts";
import type { PropertyResult } from "../../analysis/proof/prove.ts";
import { LandfallError } from "../../errors.ts";
import { renderList } from "../../formats/list.ts";
import { standsForDevice } from "../../formats/nft/rulesets.ts";
import { renderNftText } from "../../formats/nft/write-nft.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import type { Flow, Manner } from "../../model/flow.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { renderCount } from "../../model/listed-words.ts";
import { listFamilies, listRules, type PodRules, type Ruleset, type Table } from "../../model/ruleset.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import { renderJson } from "../../report/json.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { LiveRuleset } from "../../sandbox/live/live-rules.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import type { Display } from "../command.ts";
import { listClasses, renderMap } from "../commands/map.ts";
import { writeExplain } from "../output/explain-command.ts";
import { renderGlance } from "../output/map-text.ts";
import { chooseColumns } from "../output/text-columns.ts";
import { renderProofData, renderProofText } from "../prove/text.ts";
import { type Inspected, livePodIps } from "./live-pod.ts";

/** What an inspection has found. */
export interface Inspection {
  readonly inspected: Inspected;
  readonly rules: PodRules;
  readonly glances: readonly Glance[];
  /** Null where no settings were given to judge by. */
  readonly results: readonly PropertyResult[] | null;
}

/** How an inspection is told. */
export interface InspectionLook {
  readonly display: Display;
  readonly setting: AnalysisSetting;
  /** `all`: every class of flows with an example. */
  readonly show: "glance" | "all";
}

function listMapped(rules: PodRules, setting: AnalysisSetting) {
  return listFamilies(rules).flatMap((family) => mapFlows(rules, family, setting));
}

/** Tells an inspection to a person: the verdict, what rules there are, where flows land, and the rules. */
export function renderInspection(
  { inspected, rules, glances, results }: Inspection,
  line: CaptureCommandLine,
  { display, setting, show }: InspectionLook,
): string {
  const { live, read } = inspected;
  const columns = chooseColumns(display);
  const tell = (text: string) => `${wrapLine(text, 2, columns)}\n`;
  const addresses = read.addresses.length === 0 ? "no address" : read.addresses.join(", ");
  const sources = read.rulesets.map(
    (each) =>
      `${nameSource(each)}: ${renderCount(listRules(each.ruleset).length, "rule")} in ${each.ruleset.tables.map(({ name }) => name).join(", ") || "no table"}`,
  );
  return [
    tell(`${live.name} (${addresses})`),
    ...(results === null ? [] : [renderVerdict(results, line, inspected, display)]),
    ...sources.map((source) => tell(`  ${source}`)),
    "\n# where every TCP flow lands\n",
    show === "all" ? renderMap(listMapped(rules, setting), { display }) : renderGlance(glances, rules, { display }),
    ...read.rulesets.map((each) => `\n${renderSource(each)}`),
    renderRouting(inspected),
    read.sets === "" ? "" : `\n# ipset save\n${read.sets}`,
  ].join("");
}

/** Failing properties in full; of those that hold their number is enough. */
function renderVerdict(
  results: readonly PropertyResult[],
  line: CaptureCommandLine,
  { live, read }: Inspected,
  display: Pick<Display, "columns">,
): string {
  const failed = results.filter(({ holds }) => !holds);
  if (failed.length === 0)
    return `These rules do what the settings require: ${results.length} guarantees hold over all flows.\n`;
  const isBroken = failed.some(
    ({ counterexample }) => counterexample !== null && counterexample.landing.kind !== "could-not-look",
  );
  const head = isBroken
    ? "Drift: these rules do not do what the settings require.\n"
    : "It is unknown whether these rules do what the settings require.\n";
  const saved = ({ family }: Flow) => {
    const words = [...live.asked, "--format", "save", ...(family === 6 ? ["--family", "6"] : [])];
    return `landfall inspect ${words.map(quoteForShell).join(" ")} > rules.txt`;
  };
  // What the command line says of the pod's addresses counts; else they are the live pod's.
  const podIps = line.options.values.has("pod-ip") ? [] : ["--pod-ip", livePodIps(read).join(",")];
  const isSavable = read.rulesets.every(({ variant }) => variant !== "native");
  const explain = (flow: Flow, manner: Manner) => {
    if (!isSavable) return null;
    const text = renderFlowText(flow.spec);
    return `${saved(flow)}; ${writeExplain(text, manner, line, [...podIps, "--rules", "rules.txt"])}`;
  };
  return (
    head +
    renderProofText(failed, () => undefined, {
      ...{ display, explain, shape: line.capture.shape, inFile: (place) => place, requiredBy: null },
    })
  );
}

function renderRouting({ read }: Inspected): string {
  const own = read.routing
    .split("\n")
    .filter(
      (text) =>
        !/^$|^# |^\d+:\s+from all lookup (local|main|default)$| scope | table local| dev lo|proto kernel/.test(text),
    );
  return own.length === 0 ? "" : `\n# ip rule, ip route\n${own.join("\n")}\n`;
}

/** Gives an inspection as data. */
export function renderInspectionData({ inspected, rules, results }: Inspection, setting: AnalysisSetting): string {
  const { live, read } = inspected;
  const classes = listMapped(rules, setting);
  const data = read.rulesets.map(({ variant, ruleset }) => ({
    variant,
    family: ruleset.family,
    ...tablesOf(variant, ruleset),
  }));
  const proof = results === null ? {} : { verdict: verdictOf(results), properties: propertiesOf(results) };
  return renderJson({
    ...(live.container === null ? { namespace: live.name } : { container: live.container }),
    ...proof,
    rulesets: data,
    classes: listClasses(classes),
  });
}

function verdictOf(results: readonly PropertyResult[]): "holds" | "drift" | "unknown" {
  const failed = results.filter(({ holds }) => !holds);
  if (failed.length === 0) return "holds";
  const isKnown = failed.some(
    ({ counterexample }) => counterexample !== null && counterexample.landing.kind !== "could-not-look",
  );
  return isKnown ? "drift" : "unknown";
}

function propertiesOf(results: readonly PropertyResult[]): unknown {
  return JSON.parse(renderProofData(results, () => undefined, undefined)).properties;
}

/** Gives the rules by table, lines as `iptables -S` prints them, or the text of nft; tables that nobody has touched are not there. */
function tablesOf(variant: LiveRuleset["variant"], ruleset: Ruleset): Readonly<Record<string, readonly string[]>> {
  if (variant === "native")
    return Object.fromEntries(ruleset.tables.map((table) => [table.name, renderNative([table]).trimEnd().split("\n")]));
  return Object.fromEntries(ruleset.tables.map(({ name }) => [name, renderList(ruleset, name).trimEnd().split("\n")]));
}

function renderSource(from: LiveRuleset): string {
  const { variant, ruleset } = from;
  if (listRules(ruleset).length === 0) return `# ${nameSource(from)} has no rules\n${renderTables(from)}`;
  return variant === "native" ? `# nft list ruleset\n${renderNative(ruleset.tables)}` : renderTables(from);
}

/** A chain at a device is named alone: its rules are not read. */
function renderNative(tables: readonly Table[]): string {
  const hidden = tables.filter(standsForDevice).flatMap((table) => table.chains.flatMap(({ rules }) => rules));
  const notes = hidden.map(({ text }) => `# ${text} is not printed; nft list ruleset has it\n`);
  return renderReadable(tables.filter((table) => !standsForDevice(table))) + notes.join("");
}

/** Rules of iptables that stand in a native table have no words of nft's that landfall could write. */
function renderReadable(tables: readonly Table[]): string {
  try {
    return renderNftText(tables);
  } catch (error) {
    if (!(error instanceof LandfallError) || error.code !== "bad-input") throw error;
    return "# some of these rules are of iptables, and are not printed; nft list ruleset has them\n";
  }
}

function renderTables(from: LiveRuleset): string {
  const { ruleset } = from;
  return ruleset.tables.map(({ name }) => `# ${nameSource(from)} -t ${name} -S\n${renderList(ruleset, name)}`).join("");
}

function nameSource({ variant, ruleset }: LiveRuleset): string {
  return variant === "native" ? `nftables (IPv${ruleset.family})` : `${toolOfFamily(ruleset.family)}-${variant}`;
}
