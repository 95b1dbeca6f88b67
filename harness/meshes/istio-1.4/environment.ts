import { type Finding, finding, type Parsed } from "../../model/finding.ts";
import { isClosedWord, mentionsAssignment, skipWord } from "./shell-word.ts";

/** Where the original keeps the settings of one workload; they outweigh those of the cluster. */
export const SIDECAR_ENV_PATH = "/var/lib/istio/envoy/sidecar.env";
/** Where the original keeps the settings of the cluster. */
export const CLUSTER_ENV_PATH = "/var/lib/istio/envoy/cluster.env";

/** A file of settings, read by whoever may read files. */
export interface EnvironmentFile {
  readonly path: string;
  readonly text: string;
}

/** Settings of one file by variable, each with its value and the line that sets it last. */
export type EnvironmentFileValues = ReadonlyMap<string, { readonly value: string; readonly line: number }>;

const NAME = /([A-Za-z_][A-Za-z0-9_]*)=/y;
const SEGMENT = /'([^'\n]*)'|"((?:[^"\\$`\n]|\\.)*)"|\\(.)|([^\s'"\\$`;&|<>()]+)/y;
/** Commands that assign what stands behind them, and leave alone a name that stands there without a value. */
const ASSIGNING = /(?:export|readonly)(?=[^\S\n]|$)/y;
/** Commands that change no value: what is exported, and names that are to be removed. */
const SET = /set[^\S\n]+(?:[-+]a|[-+]o[^\S\n]+allexport)(?=[\s;]|$)/y;
const UNSET = /unset((?:[^\S\n]+\w+)+)(?=[\s;]|$)/y;
const BARE_NAME = /[A-Za-z_][A-Za-z0-9_]*(?=[\s;]|$)/y;
const QUOTED_ASSIGNMENT = /["']([A-Za-z_][A-Za-z0-9_]*)=/y;
const BLANKS = /[^\S\n]*/y;

/**
 * Reads a file of settings as a shell would that sources it, without ever running one: `KEY=VALUE`, several on a line or separated by
 * `;`, `export`, single and double quotes, backslashes, comments. The last value of a key wins. `variables` are those that the generator
 * reads: only their values are given. The value of any other variable may be whatever a shell takes; nothing in it is carried out.
 * Gives a finding, with its line and column, for what may change a variable of the generator and needs a shell: variables, commands
 * and line breaks in its value, `unset` of it, and every command.
 */
export function parseEnvironmentFile(
  file: EnvironmentFile,
  variables: ReadonlySet<string>,
): Parsed<EnvironmentFileValues> {
  const findings: Finding[] = [];
  const values = new Map<string, { value: string; line: number }>();
  const { text } = file;
  let line = 1;
  let lineStart = 0;
  /** Counts the line breaks up to a place, which only ever moves forward. */
  const countTo = (at: number) => {
    for (let end = text.indexOf("\n", lineStart); end !== -1 && end < at; end = text.indexOf("\n", lineStart)) {
      line += 1;
      lineStart = end + 1;
    }
  };
  for (let at = 0; at < text.length; ) {
    const read = readStatement(text, at, variables);
    for (const { name, value, start } of read.values) {
      countTo(start);
      values.set(name, { value, line });
    }
    if (read.fault) {
      countTo(read.fault.at);
      findings.push(finding(file.path, read.fault.message, line, read.fault.at - lineStart + 1));
    }
    at = read.end;
  }
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: values };
}

interface Statement {
  readonly values: readonly { readonly name: string; readonly value: string; readonly start: number }[];
  readonly fault: { readonly at: number; readonly message: string } | null;
  /** Where the next statement begins: behind the `;` or the line break; with a fault, on the next line. */
  readonly end: number;
}

/** What a word of a statement comes to: a setting, nothing, or a fault; and where it ends. */
interface Word {
  readonly end: number;
  readonly value?: Statement["values"][number];
  readonly fault?: string;
}

function readStatement(text: string, start: number, variables: ReadonlySet<string>): Statement {
  const values: Statement["values"][number][] = [];
  const first = readCommand(text, skip(BLANKS, text, start), variables);
  let word: Word = first;
  for (let at = first.end; word.fault === undefined; at = skip(BLANKS, text, word.end)) {
    at = skip(BLANKS, text, at);
    const sign = text[at];
    if (sign === undefined || sign === "\n" || sign === "#") return { values, fault: null, end: endOfLine(text, at) };
    if (isSeparator(text, at)) return { values, fault: null, end: at + 1 };
    word = readWord(text, at, first.assigns, variables);
    if (word.value) values.push(word.value);
  }
  return { values, fault: { at: word.end, message: word.fault }, end: endOfLine(text, word.end) };
}

/** Reads a command that changes no value, as far as its name; nothing where the statement begins with an assignment or another word. */
function readCommand(text: string, at: number, variables: ReadonlySet<string>): Word & { readonly assigns: boolean } {
  if (takes(ASSIGNING, text, at)) return { end: ASSIGNING.lastIndex, assigns: true };
  if (takes(SET, text, at)) return { end: SET.lastIndex, assigns: false };
  const unset = takes(UNSET, text, at)?.[1]?.trim().split(/\s+/);
  const removed = unset?.find((name) => variables.has(name));
  if (removed !== undefined) return { end: at, assigns: false, fault: unsetFault(removed) };
  return { end: unset === undefined ? at : UNSET.lastIndex, assigns: false };
}

function readWord(text: string, at: number, assigns: boolean, variables: ReadonlySet<string>): Word {
  const name = takes(NAME, text, at)?.[1] ?? null;
  if (name !== null && variables.has(name)) return readSetting(text, at, name);
  const quoted = assigns ? (takes(QUOTED_ASSIGNMENT, text, at)?.[1] ?? null) : null;
  const isIdle = name !== null || (assigns && takes(BARE_NAME, text, at) !== null);
  if (!isIdle && (quoted === null || variables.has(quoted)))
    return { end: at, fault: nameFault(text.slice(at, endOfLine(text, at)), quoted) };
  const end = skipWord(text, at);
  const set = mentionsAssignment(text.slice(at, end), variables);
  if (set !== null) return { end: at, fault: expansionFault(set) };
  if (isClosedWord(text, at, end)) return { end };
  // What is not closed takes the rest of the file, so the fault is where it begins.
  const isOperator = end < text.length;
  const valueStart = at + (name === null ? 0 : name.length + 1);
  return isOperator
    ? { end, fault: valueFault(text.slice(end, endOfLine(text, end))) }
    : { end: valueStart, fault: "A quote or bracket of this value is not closed; close it." };
}

function readSetting(text: string, start: number, name: string): Word {
  const { text: value, end, fault } = readValue(text, start + name.length + 1);
  return fault === null ? { end, value: { name, value, start } } : { end, fault };
}

function isSeparator(text: string, at: number): boolean {
  return text[at] === ";" && text[at + 1] !== ";";
}

/** Gives where the next line begins. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end + 1;
}

function takes(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function skip(pattern: RegExp, text: string, at: number): number {
  return takes(pattern, text, at) === null ? at : pattern.lastIndex;
}

function readValue(text: string, start: number): { text: string; end: number; fault: string | null } {
  let value = "";
  let end = start;
  for (let found = takes(SEGMENT, text, end); found; found = takes(SEGMENT, text, end)) {
    const [, single, double, escaped, plain] = found;
    value += single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "";
    end = SEGMENT.lastIndex;
  }
  const next = text[end];
  const isWhole = next === undefined || /\s/.test(next) || isSeparator(text, end);
  return { text: value, end, fault: isWhole ? null : valueFault(text.slice(end, endOfLine(text, end)).trimEnd()) };
}

function expansionFault(name: string): string {
  return `This might set ${name}, but landfall does not run this file in a shell; write ${name}=VALUE on its own line.`;
}

function unsetFault(name: string): string {
  return `unset ${name} changes a setting, but landfall does not run this file in a shell; remove the line and the assignments before it.`;
}

function nameFault(rest: string, quoted: string | null): string {
  if (quoted !== null) return `Write ${quoted}=VALUE with quotes around the value alone.`;
  const word = rest.split(/\s/)[0] ?? "";
  return `"${word}" is not an assignment: a shell would run it as a command that might change the settings, but landfall does not run this file in a shell. Write KEY=VALUE without spaces around "=", or remove it.`;
}

function valueFault(rest: string): string {
  const sign = rest[0] ?? "";
  if (/[$`]/.test(rest.replace(/\\./g, "")) && sign !== "\\" && !/[;&|<>()']/.test(sign)) {
    return "The value contains $ or `, but landfall does not run this file in a shell; write the value itself, or put it in single quotes.";
  }
  if (sign === "'" || sign === '"') return `The quote ${sign} is not closed on this line; close it.`;
  if (sign === "\\") return "A value cannot continue after a backslash at the end of a line; write it on one line.";
  return `"${sign}" is shell syntax, but landfall does not run this file in a shell; put the value in quotes.`;
}
