import { resolve } from "node:path";
import { contractCapture } from "../../contract/contract-capture.ts";
import { parseContractText, readContractData } from "../../contract/contract-file.ts";
import { loadUserModuleNow } from "../../load/module-now.ts";
import { readInput } from "../input/input-file.ts";
import type { Reading } from "../input/pod-facts.ts";
import type { ReadContract } from "./capture-options.ts";

/** Files that a module is in; all others are YAML, of which JSON is a part. */
const MODULE = /\.[cm]?[jt]s$/;

/** Reads the file of `--contract`; null with every finding, each with its line and column where it has one. */
export const readContract: ReadContract = (path, pod, reading) => {
  const read = MODULE.test(path) ? readModule(path, reading) : readText(path, reading);
  if (read === null) return null;
  if (!read.ok) for (const found of read.findings) reading.findings.push(found);
  return read.ok ? contractCapture(read.value, pod.addresses) : null;
};

function readModule(path: string, { workingDirectory }: Reading) {
  const loaded = loadUserModuleNow(resolve(workingDirectory, path));
  if (loaded.ok) return readContractData(loaded.value, path);
  return { ok: false, findings: loaded.findings.map((each) => ({ ...each, where: path })) } as const;
}

function readText(path: string, { workingDirectory, findings }: Reading) {
  const text = readInput(path, { workingDirectory }, findings);
  return text === null ? null : parseContractText(text, path);
}
