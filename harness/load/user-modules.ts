import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { extname, resolve } from "node:path";
import { LandfallError } from "../errors.ts";
import { codedFinding, type Parsed } from "../model/finding.ts";
import type { LoadNews, LoadOrder } from "./module-child.ts";
import { findUnreadable } from "./module-file.ts";
import { readProcessorWaitMs } from "./processor-wait.ts";

/** A module may wait for something when it is loaded; one that waits for ever is stopped and named. */
export const LOAD_DEADLINE_MS = 5_000;
/** What the process itself may take to start, and a module to load, on a machine that is busy. */
const START_DEADLINE_MS = 30_000;
/** Processes at the same time where files are loaded apart. */
const PROCESSES_AT_MOST = 4;
/** What a module may use of memory: it would otherwise fill the machine before its time is over. */
const HEAP_MEBIBYTES = 512;
/** How long what a process wrote last may be on its way. */
const DRAIN_MS = 1_000;
/** What modules may write while they are loaded; the rest is dropped. */
const OUTPUT_AT_MOST = 16_384;

/** What modules of a user export, and what they wrote. */
export interface LoadedModules {
  /** For each file in order what it exports by default, as plain data, or why it cannot be loaded. */
  readonly results: readonly Parsed<unknown>[];
  /** What the modules have written on stdout and stderr. */
  readonly output: string;
}

/**
 * Loads module files of a user in a process of their own, all in one as long as none of them ends it or keeps it busy for more than
 * `deadlineMs`; then each of them in one of its own, so that only the one to blame is refused. Only plain data comes back. Throws
 * `environment` where that process does not even come to the first file.
 */
export async function loadUserModules(files: readonly string[], deadlineMs = LOAD_DEADLINE_MS): Promise<LoadedModules> {
  const missing = files.map(findUnreadable);
  const there = files.filter((_, i) => missing[i] === null);
  const together = await loadInChild(there, deadlineMs);
  if (together.state === "never-began") throw explainNoStart(together);
  const isWhole = together.results.length === there.length && together.results.every((each) => each !== null);
  const alone = isWhole ? [] : await loadApart(there, together, deadlineMs);
  const loaded = new Map(
    there.map((file, i) => [
      file,
      (isWhole ? together.results[i] : alone[i]?.results[0]) ?? describeEnd(file, UNKNOWN_END, 0),
    ]),
  );
  const results = files.map((file, i): Parsed<unknown> => {
    const unreadable = missing[i];
    return unreadable ? { ok: false, findings: [unreadable] } : (loaded.get(file) ?? describeEnd(file, UNKNOWN_END, 0));
  });
  const output = isWhole ? together.output : alone.map((each) => each.output).join("");
  return { results, output: output.slice(0, OUTPUT_AT_MOST) };
}

/** A file that was alone in its process has shown what it does; of several each is loaded in a process of its own. */
async function loadApart(files: readonly string[], together: ChildResults, deadlineMs: number) {
  const children = files.length === 1 ? [together] : await mapInTurn(files, (file) => loadInChild([file], deadlineMs));
  return children.map((child, i) => ({
    ...child,
    results: [child.results[0] ?? describeEnd(files[i] ?? "", child, deadlineMs)],
  }));
}

/** A few at the same time: files that never end take their whole time each. */
async function mapInTurn<A, B>(items: readonly A[], make: (item: A) => Promise<B>): Promise<readonly B[]> {
  const made: B[] = [];
  for (let i = 0; i < items.length; i += PROCESSES_AT_MOST)
    made.push(...(await Promise.all(items.slice(i, i + PROCESSES_AT_MOST).map(make))));
  return made;
}

/** Whatever stops a process before it has come to a file is no fault of the file. */
function explainNoStart({ ending, output }: ChildResults): LandfallError {
  const how = ending === "late" ? `not ready within ${START_DEADLINE_MS / 1000} s` : `over at once, ${ending}`;
  const said = output.trim() === "" ? "" : ` It said: ${output.trim()}`;
  return new LandfallError(
    "environment",
    `the process that loads modules was ${how}. Check how many processes and how much memory this user may have (ulimit -a), and NODE_OPTIONS.${said}`,
  );
}

const UNKNOWN_END: Pick<ChildResults, "ending" | "lastWords"> = { ending: null, lastWords: "" };

/** What a process wrote: the beginning, for the user, and the end, which says why it ended. */
interface ChildOutput {
  readonly output: string;
  readonly lastWords: string;
}

/** Node's last words, which name the reason before a long list of addresses. */
const LAST_WORDS = 16_384;

interface ChildResults extends ChildOutput {
  /** Null: nothing came for that file. */
  readonly results: readonly (Parsed<unknown> | null)[];
  /** How the process ended before it was done; null where it was. */
  readonly ending: string | null;
  /** Whether it has come to any file. */
  readonly state: "began" | "never-began";
}

/** One process for some files; it is killed when the last has come, or when one takes too long. */
function loadInChild(files: readonly string[], deadlineMs: number): Promise<ChildResults> {
  if (files.length === 0)
    return Promise.resolve({ results: [], output: "", lastWords: "", ending: null, state: "began" });
  let state: ChildResults["state"] = "never-began";
  const results: (Parsed<unknown> | null)[] = files.map(() => null);
  const token = randomUUID();
  const child = startChild();
  const output = collectOutput(child);
  // A module that computes for ever would outlive a run that a signal ends.
  const killChild = () => void child.kill("SIGKILL");
  process.once("exit", killChild);
  const { promise, resolve: finish } = Promise.withResolvers<ChildResults>();
  let timer: NodeJS.Timeout | undefined;
  const end = (ending: string | null) => {
    clearTimeout(timer);
    process.off("exit", killChild);
    child.removeAllListeners();
    child.on("error", () => {});
    child.kill("SIGKILL");
    // What it wrote last is still on its way; another process that holds its streams is not waited for.
    const drained = () => finish({ results, ...output(), ending, state });
    child.once("close", drained);
    setTimeout(drained, DRAIN_MS);
  };
  const expectWithin = (waitMs: number) => {
    clearTimeout(timer);
    const [began, waited] = [performance.now(), readProcessorWaitMs(child.pid ?? 0)];
    const lookAfter = (ms: number) => {
      timer = setTimeout(() => {
        // What it waited for a processor is no fault of the file: a module that loads a library takes long on a busy machine.
        const passed = performance.now() - began;
        const own = passed - (readProcessorWaitMs(child.pid ?? 0) - waited);
        if (own >= waitMs || passed >= START_DEADLINE_MS) end("late");
        else lookAfter(Math.min(waitMs - own, START_DEADLINE_MS - passed));
      }, ms);
    };
    lookAfter(waitMs);
  };
  child.on("message", (news: LoadNews) => {
    if (news?.token !== token) return;
    state = "began";
    expectWithin(deadlineMs);
    if (news.step !== "loaded") return;
    results[news.index] = news.result;
    if (results.every((each) => each !== null)) end(null);
  });
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => {
    const ending = signal === null ? `with code ${code}` : `by ${signal}`;
    if (!child.connected) return end(ending);
    // Where other processes end at the same time Node may tell of this before it has read what the process said last.
    child.once("disconnect", () => end(ending));
    setTimeout(() => end(ending), DRAIN_MS);
  });
  expectWithin(START_DEADLINE_MS);
  child.send({ token, files: files.map((file) => resolve(file)) } satisfies LoadOrder, () => {});
  return promise;
}

/** Run from source, `landfall` means the source in the child as well. */
function startChild(): ChildProcess {
  const ending = extname(import.meta.filename);
  const heap = `--max-old-space-size=${HEAP_MEBIBYTES}`;
  const execArgv = ending === ".ts" ? ["--conditions=landfall-source", heap] : [heap];
  return fork(resolve(import.meta.dirname, `module-child${ending}`), {
    execArgv,
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
}

function collectOutput(child: ChildProcess): () => ChildOutput {
  let [output, lastWords] = ["", ""];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      if (output.length < OUTPUT_AT_MOST) output += text;
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
  }
  return () => ({ output, lastWords });
}

function describeEnd(
  file: string,
  { ending, lastWords }: Pick<ChildResults, "ending" | "lastWords">,
  deadlineMs: number,
): Parsed<unknown> {
  const what = lastWords.includes("JavaScript heap out of memory")
    ? `it uses more than ${HEAP_MEBIBYTES} MiB of memory`
    : ending === "late"
      ? `it did not finish loading within ${deadlineMs / 1000} s: some top-level code never ends`
      : `it ended the process that loads it${ending === null ? "" : `, ${ending}`}`;
  return { ok: false, findings: [codedFinding("unusable-module", file, `The file cannot be loaded: ${what}.`)] };
}
