import { resolve } from "node:path";
import type { Change } from "../../analysis/diff.ts";
import { parseJsonText } from "../../load/json-text.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { renderCount } from "../../model/listed-words.ts";
import { renderJson } from "../../report/json.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "../input/input-file.ts";
import { writeOutput } from "../output/output-file.ts";
import { refuse } from "../refusal.ts";

/** One change that is meant: which flows, and where they land before and after, their own ends left aside. */
export interface AcceptedChange {
  readonly class: string;
  readonly before: string;
  readonly after: string;
}

const WHAT = "The accepted changes cannot be used";

/**
 * Reads a file of accepted changes, as `--write-accept` writes it; none without a file. Throws `bad-input` where it cannot be read, is no
 * JSON or has another shape.
 *
 * @example
 * readAcceptance("accept.json", io)
 * // [{ class: "from outside to the pod: port 9090", before: "as dialled", after: "envoy-inbound:15006" }]
 */
export function readAcceptance(
  path: string | undefined,
  io: Pick<CommandIo, "workingDirectory">,
): readonly AcceptedChange[] {
  if (path === undefined) return [];
  const findings: Finding[] = [];
  const text = readInput(path, io, findings);
  if (text === null) throw refuse(findings, WHAT);
  const parsed = parseJsonText(text, path);
  if (!parsed.ok) throw refuse(parsed.findings, WHAT);
  const data = parsed.value;
  const accepted = typeof data === "object" && data !== null && "accepted" in data ? data.accepted : null;
  if (Array.isArray(accepted) && accepted.every(isAccepted)) return accepted;
  const message =
    'It needs a list "accepted" of changes with class, before and after; --write-accept writes such a file.';
  throw refuse([codedFinding("wrong-shape", path, message)], WHAT);
}

function isAccepted(item: unknown): item is AcceptedChange {
  return (
    typeof item === "object" &&
    item !== null &&
    ["class", "before", "after"].every((key) => typeof (item as Record<string, unknown>)[key] === "string")
  );
}

/** Gives the changes that are not accepted, and those that are: one whose class or landing differs in anything is another change. */
export function divideByAcceptance(
  all: readonly Change[],
  list: readonly AcceptedChange[],
): { readonly changes: readonly Change[]; readonly accepted: readonly Change[] } {
  const known = new Set(list.map(keyOf));
  const isMeant = (change: Change) => known.has(keyOf(toAccepted(change)));
  return { changes: all.filter((change) => !isMeant(change)), accepted: all.filter(isMeant) };
}

/** Gives the accepted changes that do not occur: a list that grants more than there is hides the next change of that kind. */
export function findStale(changes: readonly Change[], accepted: readonly AcceptedChange[]): readonly AcceptedChange[] {
  const found = new Set(changes.map((change) => keyOf(toAccepted(change))));
  return accepted.filter((each) => !found.has(keyOf(each)));
}

function toAccepted({ class: text, kinds }: Change): AcceptedChange {
  return { class: text, ...kinds };
}

function keyOf({ class: text, before, after }: AcceptedChange): string {
  return JSON.stringify([text, before, after]);
}

/** Writes changes to a file of accepted ones, in the order found, so that equal diffs give equal files. */
export function writeAcceptance(changes: readonly Change[], path: string, io: CommandIo): void {
  writeOutput(resolve(io.workingDirectory, path), renderJson({ accepted: changes.map(toAccepted) }));
  io.err(`landfall: ${renderCount(changes.length, "change")} written to ${path}\n`);
}
