import { setImmediate as nextTurn } from "node:timers/promises";
import { codedFinding, type Parsed } from "../model/finding.ts";
import { explainLoadFailure, importModuleFile } from "./module-file.ts";
import { toPlainData } from "./plain-data.ts";

/** What the parent asks for first: the files, and a word that every answer must carry. */
export interface LoadOrder {
  readonly token: string;
  readonly files: readonly string[];
}

/** What the child says: which file it begins with, and what came of it. */
export type LoadNews = { readonly token: string; readonly index: number } & (
  | { readonly step: "begun" }
  | { readonly step: "loaded"; readonly result: Parsed<unknown> }
);

/**
 * The process in which the files of a user are evaluated, one after the other. What they do to this process, ending it or keeping it busy,
 * is theirs alone. The way to the parent is taken out of their sight before the first of them runs.
 */
process.once("message", (order: LoadOrder) => void loadAll(order));

async function loadAll({ token, files }: LoadOrder): Promise<void> {
  const send = process.send?.bind(process);
  delete process.send;
  process.removeAllListeners("message");
  // The channel ends with the parent: nobody waits for these files any more.
  const kill = process.kill.bind(process);
  process.once("disconnect", () => kill(process.pid, "SIGKILL"));
  forbidHarm();
  if (files.length === 1)
    tellWhatNobodyCatches(files[0] ?? "", (result) => send?.({ token, index: 0, step: "loaded", result }));
  // Without it Node would end where nothing but a module's own await is waited for; the parent ends this process.
  setInterval(() => {}, 60_000);
  for (const [index, file] of files.entries()) {
    send?.({ token, index, step: "begun" } satisfies LoadNews);
    send?.({ token, index, step: "loaded", result: await loadOne(file) } satisfies LoadNews);
  }
}

/** A module may end its own process. The parent, and the group in which both are, are not its own; an abort leaves a core file. */
function forbidHarm(): void {
  const kill = process.kill.bind(process);
  process.kill = (pid, signal) => {
    if (signal === 0 || pid === process.pid) return kill(pid, signal);
    throw new Error("it calls process.kill; a module that landfall loads only exports data");
  };
  process.abort = () => {
    throw new Error("it calls process.abort; a module that landfall loads only exports data");
  };
}

/** Of several files nobody knows which has thrown: there the process ends, and each is loaded in one of its own. */
function tellWhatNobodyCatches(file: string, tell: (result: Parsed<unknown>) => void): void {
  const blame = (error: unknown) =>
    void explainLoadFailure(file, error).then((found) => tell({ ok: false, findings: [found] }));
  process.on("uncaughtException", blame);
  process.on("unhandledRejection", blame);
}

async function loadOne(file: string): Promise<Parsed<unknown>> {
  const loaded = await importModuleFile(file);
  // Node reports a rejection that nobody handles at the end of a turn.
  await nextTurn();
  if (!loaded.ok) return loaded;
  try {
    return { ok: true, value: toPlainData(loaded.value) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      ok: false,
      findings: [
        codedFinding("unusable-module", file, `The file exports something other than plain data: ${message}.`),
      ],
    };
  }
}
