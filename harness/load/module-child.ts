import { finding, type Parsed } from "../model/finding.ts";
import { importModuleFile } from "./module-file.ts";
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
  // Without it Node would end where nothing but a module's own await is waited for; the parent ends this process.
  setInterval(() => {}, 60_000);
  for (const [index, file] of files.entries()) {
    send?.({ token, index, step: "begun" } satisfies LoadNews);
    send?.({ token, index, step: "loaded", result: await loadOne(file) } satisfies LoadNews);
  }
}

async function loadOne(file: string): Promise<Parsed<unknown>> {
  const loaded = await importModuleFile(file);
  if (!loaded.ok) return loaded;
  try {
    return { ok: true, value: toPlainData(loaded.value) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, findings: [finding(file, `The file exports what is not plain data: ${message}.`)] };
  }
}
