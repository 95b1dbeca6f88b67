import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";

const ROOT = resolve(import.meta.dirname, "../..");

interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `action.yml` as data. */
export interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

/** The text of `action.yml`. */
const ACTION_TEXT = readFileSync(join(ROOT, "action.yml"), "utf8");
/** What `action.yml` says. */
export const ACTION = parse(ACTION_TEXT) as Action;

/** What the action is run with: its inputs, GitHub's event, and variables of the runner. */
export interface Occasion {
  readonly inputs: Readonly<Record<string, string>>;
  readonly event: unknown;
  readonly variables?: Readonly<Record<string, string>>;
}

/** How a run of the action's steps has ended. */
export interface ActionRun {
  /** The exit code of the first step that failed, or 0. */
  readonly status: number | null;
  /** What its steps printed. */
  readonly said: string;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Runs the steps of `action.yml` in a checkout as GitHub's runner does: expressions replaced, each step by its shell, outputs read from
 * GITHUB_OUTPUT. Steps of other actions and the installation are left out: node and the packages are those of this process.
 */
export async function runAction(checkout: string, { inputs, event, variables = {} }: Occasion): Promise<ActionRun> {
  const temporary = mkdtempSync(join(dirname(checkout), "runner-"));
  const path = installHere(temporary);
  const [output, summary] = [join(temporary, "output"), join(temporary, "summary")];
  for (const file of [output, summary]) writeFileSync(file, "");
  const given = Object.fromEntries(
    Object.entries(ACTION.inputs).map(([name, input]) => [name, inputs[name] ?? input.default]),
  );
  const runner = {
    ...{ GITHUB_ACTION_PATH: path, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, RUNNER_TEMP: temporary },
    ...variables,
  };
  let said = "";
  let status: number | null = 0;
  for (const step of ACTION.runs.steps) {
    const known = {
      inputs: given,
      github: { event, token: "token" },
      steps: { compare: { outputs: readOutputs(output) } },
    };
    const isWanted = step.if === undefined ? status === 0 : isTrue(step.if, known);
    if (step.run === undefined || step.run.startsWith("npm ci") || !isWanted) continue;
    const env = Object.fromEntries(
      Object.entries(step.env ?? {}).map(([name, text]) => [name, fillIn(String(text), known)]),
    );
    const ended = await runShell(step.run, checkout, { ...runner, ...env });
    said += ended.said;
    if (status === 0) status = ended.status;
  }
  return { status, said, summary: readFileSync(summary, "utf8"), outputs: readOutputs(output) };
}

/** GitHub's `shell: bash` is `bash --noprofile --norc -eo pipefail {0}`. */
function runShell(text: string, cwd: string, env: Readonly<Record<string, string>>) {
  return new Promise<{ readonly status: number | null; readonly said: string }>((done) => {
    const PATH = [dirname(process.execPath), process.env["PATH"]].join(":");
    const started = spawn("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", text], {
      ...{ cwd, env: { PATH, HOME: cwd, GITHUB_ACTIONS: "true", ...env }, stdio: ["ignore", "pipe", "pipe"] },
    });
    let said = "";
    started.stdout.on("data", (data) => (said += data));
    started.stderr.on("data", (data) => (said += data));
    started.on("close", (status) => done({ status, said }));
  });
}

/** GitHub unpacks the action's repository outside of the checkout. */
function installHere(folder: string): string {
  const path = join(folder, "action");
  mkdirSync(path);
  for (const name of ["action", "harness", "package.json"]) symlinkSync(join(ROOT, name), join(path, name));
  return path;
}

function readOutputs(file: string): Readonly<Record<string, string>> {
  const lines = readFileSync(file, "utf8").split("\n");
  return Object.fromEntries(lines.flatMap((line) => (/^[\w-]+=/.test(line) ? [line.split(/=(.*)/, 2)] : [])));
}

function fillIn(text: string, known: unknown): string {
  return text.replaceAll(/\$\{\{ *([\w.-]+) *\}\}/g, (_, path: string) => lookUp(path, known));
}

/** Gives what an expression such as `inputs.rules` stands for; what is not there is an empty text. */
function lookUp(path: string, known: unknown): string {
  let value = known;
  for (const key of path.split(".")) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value === undefined ? "" : String(value);
}

/** Gives the truth of terms that are joined by `&&`: `!cancelled()`, a comparison with a text, or a value that is there. */
function isTrue(condition: string, known: unknown): boolean {
  const [, terms = condition] = /^\$\{\{(.*)\}\}$/.exec(condition) ?? [];
  return terms.split("&&").every((term) => {
    const [, path = "", , text] = /^\s*([\w.!()-]+)(\s*==\s*'([^']*)')?\s*$/.exec(term) ?? [];
    if (path === "") throw new Error(`The test cannot read the condition "${term}".`);
    if (path === "!cancelled()") return true;
    return text === undefined ? lookUp(path, known) !== "" : lookUp(path, known) === text;
  });
}
