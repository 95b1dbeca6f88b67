import { resolve } from "node:path";
import type { ReadRecord } from "../../load/read-record.ts";
import type { Family } from "../../model/address.ts";
import { type BackendChoice, backendOf } from "../../model/backends.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { parseShard, type Shard } from "../../run/scenario/scenario-shard.ts";
import { readBoundedNumber } from "../arguments/bounded-number.ts";
import { type CaptureCommandLine, type PartialCaptureLine, readCutWords } from "../arguments/capture-options.ts";
import { type CutWords, cutCommandWords } from "../arguments/cut-words.ts";
import { readFamily } from "../arguments/family-option.ts";
import { JUDGING } from "../arguments/judging.ts";
import { lastValue } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { findUnrepeatable, resolveInput } from "../input/input-file.ts";
import { type RulesReading, type RulesSource, readReading, readRulesPaths } from "../input/rules-file.ts";
import { findUnwritableFolder } from "../output/output-file.ts";
import { type ReportFile, readReportFile, readRows } from "../output/report-output.ts";
import { refuseUsage } from "../refusal.ts";
import { refuseContainerOptions, refuseReuse } from "./container-options.ts";
import { VERIFY_OPTIONS } from "./help.ts";

const SPECS = VERIFY_OPTIONS.flatMap(({ options }) => options);

/** What `verify` is asked for, checked as a whole. */
export interface VerifyOptions {
  /** The words as typed, behind the command's name, and what is read on their behalf. */
  readonly typed: readonly string[];
  /** The same words, cut. */
  readonly cut: CutWords;
  readonly reads: ReadRecord;
  readonly line: CaptureCommandLine;
  /** Scenario names, files and folders. */
  readonly words: readonly string[];
  readonly task: "verify" | "list";
  readonly selection: "named" | "all";
  /** Rules from outside: files with absolute paths, `-` for standard input; the path of a script, or null. */
  readonly rules: {
    readonly files: readonly RulesSource[];
    readonly reading: RulesReading;
    readonly script: string | null;
  };
  readonly sandbox: BackendChoice;
  readonly envoy: "stub" | "real";
  readonly captureBy: "init-container" | "whoever-fits";
  readonly rights: "capabilities" | "privileged";
  readonly coverage: "measured" | "not-measured";
  /** Percent of the rules that some flow must take; null: any. */
  readonly minCoverage: number | null;
  /** Folder that gets what is known of scenarios with a wrong landing, absolute; null: none. */
  readonly evidence: string | null;
  readonly reports: readonly ReportFile[];
  /** Null: as many as fit the machine. */
  readonly jobs: number | null;
  readonly shard: Shard | null;
  /** Flows that may be driven for the classes of one capture config. */
  readonly maxFlows: number | null;
  /** Patterns of the flows that alone are driven; null: all flows. */
  readonly flows: readonly string[] | null;
  /** The only family that something is to be said of; null: each that the pod has. */
  readonly family: Family | null;
  readonly afterwards: "clean" | "keep";
  /** `kept-world`: that of an earlier run, which stays for the next one. */
  readonly world: "new" | "kept-world";
  readonly repetition: "once" | "watch";
  readonly onWrong: "go-on" | "pause";
  readonly output: "text" | "json";
  /** Which flows the table has rows for. */
  readonly rows: ReturnType<typeof readRows>;
}

/** Reads `verify`'s words. Throws `bad-usage` with every finding, those about files that are not there among them. */
export function readVerifyOptions(args: readonly string[], io: CommandIo, reads: ReadRecord): VerifyOptions {
  const command = { specs: SPECS, withoutFlags: "injected", positionals: "own", ...JUDGING } as const;
  const cut = cutCommandWords(args, command, io);
  const read = readCutWords(cut, command, io);
  const { line, options: given } = read;
  const findings: Finding[] = [...read.findings];
  const has = (name: string) => given.values.has(name);
  const choose = <A, B>(name: string, given: A, absent: B): A | B => (has(name) ? given : absent);
  const script = lastValue(given, "rules-script");
  const scriptFile = script === undefined ? null : resolveInput("--rules-script", script, io, findings);
  const shard = readShard(lastValue(given, "shard"), findings);
  const options: Omit<VerifyOptions, "line"> = {
    ...{ typed: args, cut, reads },
    words: given.positionals,
    task: choose("list", "list", "verify"),
    selection: choose("all", "all", "named"),
    rules: { files: readRulesPaths(given, io, findings), reading: readReading(given), script: scriptFile },
    sandbox: (lastValue(given, "sandbox") ?? "auto") as VerifyOptions["sandbox"],
    envoy: (lastValue(given, "envoy") ?? "stub") as VerifyOptions["envoy"],
    captureBy: choose("init-container", "init-container", "whoever-fits"),
    rights: choose("privileged", "privileged", "capabilities"),
    coverage: has("coverage") || has("min-coverage") ? "measured" : "not-measured",
    minCoverage: readBoundedNumber("--min-coverage", lastValue(given, "min-coverage"), [0, 100], findings),
    evidence: has("evidence") ? resolve(io.workingDirectory, lastValue(given, "evidence") ?? "") : null,
    reports: (given.values.get("report") ?? []).flatMap((path) => readReportFile(path, io.workingDirectory, findings)),
    jobs: readBoundedNumber("--jobs", lastValue(given, "jobs"), [1, 64], findings),
    shard,
    maxFlows: readBoundedNumber("--max-flows", lastValue(given, "max-flows"), [1, 1_000_000], findings),
    flows: given.values.get("flows") ?? null,
    family: readFamily(given),
    afterwards: choose("keep", "keep", "clean"),
    world: choose("reuse", "kept-world", "new"),
    repetition: choose("watch", "watch", "once"),
    onWrong: choose("pause-on-fail", "pause", "go-on"),
    output: choose("json", "json", "text"),
    rows: readRows(has, io),
  };
  findings.push(...findContradictions(options, read), ...findUnrepeatableRules(options));
  if (options.evidence !== null) findings.push(...findUnwritableFolder("--evidence", options.evidence));
  if (line === null || findings.length > 0) throw refuseUsage(findings);
  return { ...options, line };
}

function findContradictions(options: Omit<VerifyOptions, "line">, { captureFrom, line }: PartialCaptureLine) {
  const { words, selection, rules, afterwards, repetition, onWrong, jobs, task, sandbox, envoy } = options;
  const findings: Finding[] = [];
  const refuse = (holds: boolean, where: string, message: string) =>
    holds && findings.push(codedFinding("conflict", where, message));
  const named = words.length > 0 || selection === "all";
  refuse(
    named && captureFrom === "flags",
    "-p … -k",
    "Scenarios contain their own options; give either scenarios or mesh options, not both.",
  );
  refuse(
    words.length > 0 && selection === "all",
    "--all",
    "--all already selects every scenario; remove the names, or remove --all.",
  );
  refuse(
    envoy === "real" && backendOf(sandbox).judge === "simulator",
    "--envoy",
    "--envoy real needs a kernel; remove --sandbox simulated.",
  );
  if (backendOf(sandbox).hosts !== "containers") findings.push(...refuseContainerOptions(options));
  findings.push(...refuseReuse(options));
  refuse(
    rules.script !== null && rules.files.length > 0,
    "--rules-script",
    "Give either --rules-script or --rules, not both.",
  );
  refuse(line?.purpose === "check", "-t", "verify has to apply the rules; remove -t.");
  refuse(
    repetition === "watch" && (afterwards === "keep" || task === "list"),
    "--watch",
    "--watch runs until you stop it and cannot be combined with --keep or --list.",
  );
  refuse(
    options.flows !== null && (options.maxFlows !== null || task === "list"),
    "--flows",
    "--flows names the flows to drive; remove --max-flows or --list.",
  );
  refuse(
    onWrong === "pause" && !process.stdin.isTTY,
    "--pause-on-fail",
    "It waits for a key press, but standard input is not a terminal.",
  );
  refuse(
    afterwards === "keep" && backendOf(sandbox).pod === "ends-with-process" && !process.stdin.isTTY,
    "--keep",
    "Without docker the pod lasts only until you press Enter, but standard input is not a terminal. Run it in a terminal, or use --sandbox docker.",
  );
  refuse(
    (onWrong === "pause" || afterwards === "keep") && (jobs ?? 1) > 1,
    "--jobs",
    "It inspects one pod at a time; remove --jobs.",
  );
  return findings;
}

/** Another program runs a script, and files that are watched are read in each round. */
function findUnrepeatableRules({ rules: { files, script }, repetition }: Omit<VerifyOptions, "line">) {
  const watched = repetition === "watch" ? files : [];
  const named = watched.map(({ path, family }) => [family === 4 ? "--rules" : "--rules6", path] as const);
  return [["--rules-script", script] as const, ...named].flatMap(([where, path]) => {
    const fault = path === null ? null : findUnrepeatable(path);
    return fault === null ? [] : [codedFinding("unreadable", where, `${path}: ${fault}`)];
  });
}

function readShard(text: string | undefined, findings: Finding[]): Shard | null {
  if (text === undefined) return null;
  const shard = parseShard(text);
  findings.push(...(shard.ok ? [] : shard.findings));
  return shard.ok ? shard.value : null;
}
