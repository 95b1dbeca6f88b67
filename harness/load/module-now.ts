import { spawnSync } from "node:child_process";
import { extname, resolve } from "node:path";
import { codedFinding, type Parsed } from "../model/finding.ts";
import { LOAD_DEADLINE_MS } from "./user-modules.ts";

/** What the processes themselves may take to start, on a machine that is busy. */
const START_MS = 60_000;
/** More than any data that a person writes. */
const OUTPUT_BYTES_AT_MOST = 2 ** 24;

/**
 * Gives what a module of a user exports by default, as plain data, while the caller waits: where a command line is read, nothing else has
 * begun. Whatever the module does, it does in a process of its own, and not for longer than other modules may.
 */
export function loadUserModuleNow(file: string): Parsed<unknown> {
  const ending = extname(import.meta.filename);
  const source = ending === ".ts" ? ["--conditions=landfall-source"] : [];
  const ran = spawnSync(process.execPath, [...source, resolve(import.meta.dirname, `module-print${ending}`)], {
    input: file,
    encoding: "utf8",
    timeout: START_MS + LOAD_DEADLINE_MS,
    maxBuffer: OUTPUT_BYTES_AT_MOST,
    killSignal: "SIGKILL",
  });
  try {
    return JSON.parse(ran.stdout) as Parsed<unknown>;
  } catch {
    const why = ran.error?.message ?? (ran.stderr.trim() || `its process ended by ${ran.signal ?? ran.status}`);
    return { ok: false, findings: [codedFinding("unusable-module", file, `The module cannot be loaded: ${why}`)] };
  }
}
