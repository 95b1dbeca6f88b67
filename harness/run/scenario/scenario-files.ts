import { readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { LandfallError } from "../../errors.ts";
import { importModuleFile } from "../../load/module-file.ts";
import { LOAD_DEADLINE_MS, loadUserModules } from "../../load/user-modules.ts";
import { capFindings, codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import type { Scenario } from "../../model/scenario.ts";
import { type ParsedScenario, parseScenario } from "./parsed-scenario.ts";
import { readScenarioShape, salvageScenario } from "./scenario-shape.ts";

const ENDINGS = [".ts", ".mts", ".js", ".mjs"];

/** A scenario as its file has it and as it was parsed; `file` is how findings name the file. */
export interface ScenarioFile {
  readonly file: string;
  readonly scenario: Scenario;
  readonly parsed: ParsedScenario;
}

/** Gives the paths of a folder's scenario files, by name; `.d.ts` files and those that begin with a dot are left out. */
export function listScenarioFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => isScenarioFile(entry.name) && entry.isFile())
    .map(({ name }) => join(folder, name))
    .sort();
}

/** Says whether a file of this name, in a folder of scenarios, is one. */
export function isScenarioFile(name: string): boolean {
  return ENDINGS.includes(extname(name)) && !name.startsWith(".") && !/\.d\.m?ts$/.test(name);
}

/** How scenario files are loaded; `deadlineMs` is how long a user's file may take, in milliseconds. */
export interface LoadOptions {
  /** `again`: files that come with landfall may have changed too, and are read anew like all others. */
  readonly reading: "once" | "again";
  readonly deadlineMs: number;
  /** Is given what the files write on stdout and stderr while they are loaded. */
  readonly tell: (text: string) => void;
}

const LOAD_DEFAULTS: LoadOptions = { reading: "once", deadlineMs: LOAD_DEADLINE_MS, tell: () => {} };
/** The scenarios that come with landfall: these alone are trusted to run in this process. */
const OWN_FOLDER = resolve(import.meta.dirname, "../../../scenarios");

/**
 * Loads scenario files, all findings at once: a file that cannot be loaded, is not a scenario, or has another name than its scenario.
 * Files of a user are evaluated in another process; one that ends it, or has not finished loading after `deadlineMs`, cannot be loaded.
 */
export async function loadScenarioFiles(
  files: readonly string[],
  options: Partial<LoadOptions> = {},
): Promise<Parsed<readonly ScenarioFile[]>> {
  const { reading, deadlineMs, tell } = { ...LOAD_DEFAULTS, ...options };
  const isOwn = (file: string) => reading === "once" && dirname(resolve(file)) === OWN_FOLDER;
  const foreign = files.filter((file) => !isOwn(file));
  const { results, output } = await loadUserModules(foreign, deadlineMs);
  if (output !== "") tell(output);
  const modules = await Promise.all(
    files.map((file) => (isOwn(file) ? importModuleFile(file) : results[foreign.indexOf(file)])),
  );
  const loaded = files.map((file, i) => readScenarioFile(file, modules[i] ?? { ok: false, findings: [] }));
  const findings = loaded.flatMap((each) => (each.ok ? [] : each.findings));
  if (findings.length > 0) return { ok: false, findings };
  return { ok: true, value: loaded.flatMap((each) => (each.ok ? [each.value] : [])) };
}

/** The most findings about one file, so that no file hides what is wrong with the others. */
const FINDINGS_OF_A_FILE = 20;

function readScenarioFile(file: string, loaded: Parsed<unknown>): Parsed<ScenarioFile> {
  if (!loaded.ok) return loaded;
  const shape = readScenarioShape(loaded.value, file);
  // What is left of a scenario of the wrong shape is parsed only for what else is wrong with it.
  const scenario = shape.ok ? shape.value : salvageScenario(loaded.value);
  const parsed = scenario && parseScenario(scenario, file);
  const findings = [
    ...(shape.ok ? [] : shape.findings),
    ...checkName(scenario?.name, file),
    ...(parsed === null || parsed.ok ? [] : parsed.findings),
  ];
  if (!shape.ok || !parsed?.ok || findings.length > 0)
    return { ok: false, findings: capFindings(findings, FINDINGS_OF_A_FILE) };
  return { ok: true, value: { file, scenario: shape.value, parsed: parsed.value } };
}

function checkName(name: string | undefined, file: string): readonly Finding[] {
  const expected = basename(file, extname(file));
  const message = `The scenario's name "${name}" differs from the file's name; use the same name for both.`;
  return name === undefined || name === expected ? [] : [finding(`${file}: name`, message)];
}

/** The folder of a user's own scenarios, in the folder where a command is started: `landfall init` makes it. */
const USER_FOLDER = "landfall";

/**
 * Gives the files that a user's words select: a folder stands for all its files, a path for itself, a name for the file of that name in
 * `home`, the folder of the scenarios that come with landfall, or in the folder `landfall` where the command is started. No word selects
 * all of `home`. Throws `bad-usage` with every word that selects nothing, or that both folders know.
 */
export function selectScenarioFiles(
  words: readonly string[],
  home: string,
  workingDirectory: string,
): readonly string[] {
  const own = nameFiles(listScenarioFiles(home));
  if (words.length === 0) return [...own.values()];
  const users = nameFiles(selectPath(resolve(workingDirectory, USER_FOLDER)));
  const findings: Finding[] = [];
  const files = words.flatMap((word) => {
    const named = [own.get(word), users.get(word)].filter((file) => file !== undefined);
    const selected = named.length > 0 ? named : selectPath(resolve(workingDirectory, word));
    if (named.length > 1) findings.push(codedFinding("invalid-value", word, describeClash(users.get(word) ?? "")));
    if (selected.length === 0)
      findings.push(codedFinding("unknown-name", word, describeUnknown(word, [...own.keys(), ...users.keys()])));
    return selected;
  });
  if (findings.length > 0) {
    const count = findings.length === 1 ? "One argument selects" : `${findings.length} arguments select`;
    throw new LandfallError("bad-usage", `${count} no scenario.`, { findings });
  }
  return [...new Set(files)];
}

function nameFiles(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(files.map((file) => [basename(file, extname(file)), file]));
}

function describeClash(file: string): string {
  const path = join(USER_FOLDER, basename(file));
  return `Both a built-in scenario and ${path} have this name; write ${path} for yours, or give it another name.`;
}

function selectPath(path: string): readonly string[] {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return listScenarioFiles(path);
    return stat.isFile() ? [path] : [];
  } catch {
    return [];
  }
}

function describeUnknown(word: string, names: readonly string[]): string {
  const alike = names.filter((name) => name.includes(word) || word.includes(name));
  const near = (alike.length > 0 ? alike : findNearNames(word, names)).slice(0, 5);
  const hint = near.length > 0 ? ` Did you mean ${near.join(", ")}?` : " verify --list lists the built-in ones.";
  return `This is neither a scenario name, nor a scenario file, nor a folder of scenario files.${hint}`;
}
