import { type Finding, finding, type Parsed } from "../model/finding.ts";

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
const SEGMENT = /'([^']*)'|"((?:[^"\\$`]|\\.)*)"|\\(.)|([^\s'"\\$`;&|<>()]+)/y;

/**
 * Reads a file of settings as a shell would that sources it, without ever running one: `KEY=VALUE` lines, several on a line, `export`,
 * single and double quotes, backslashes, comments. The last value of a key wins.
 * Gives a finding, with its line and column, for everything that only a shell could carry out: variables, commands, quotes over several
 * lines.
 */
export function parseEnvironmentFile(file: EnvironmentFile): Parsed<EnvironmentFileValues> {
  const findings: Finding[] = [];
  const values = new Map<string, { value: string; line: number }>();
  for (const [index, line] of file.text.split("\n").entries()) {
    const read = readLine(line);
    for (const [key, value] of read.values) values.set(key, { value, line: index + 1 });
    if (read.fault) findings.push(finding(file.path, read.fault.message, index + 1, read.fault.at + 1));
  }
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: values };
}

interface ReadLine {
  readonly values: readonly (readonly [string, string])[];
  readonly fault: { readonly at: number; readonly message: string } | null;
}

function readLine(line: string): ReadLine {
  const values: [string, string][] = [];
  let at = /^\s*(?:export\s+(?=[^\s#]))?/.exec(line)?.[0].length ?? 0;
  while (at < line.length && line[at] !== "#") {
    NAME.lastIndex = at;
    const name = NAME.exec(line)?.[1];
    if (name === undefined) return { values, fault: { at, message: nameFault(line.slice(at)) } };
    const value = readValue(line, NAME.lastIndex);
    if (value.fault !== null) return { values, fault: { at: value.end, message: value.fault } };
    values.push([name, value.text]);
    at = value.end + (/^\s*/.exec(line.slice(value.end))?.[0].length ?? 0);
  }
  return { values, fault: null };
}

function readValue(line: string, start: number): { text: string; end: number; fault: string | null } {
  let text = "";
  let end = start;
  for (;;) {
    SEGMENT.lastIndex = end;
    const found = SEGMENT.exec(line);
    if (!found) break;
    const [, single, double, escaped, plain] = found;
    text += single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "";
    end = SEGMENT.lastIndex;
  }
  const next = line[end];
  return { text, end, fault: next === undefined || /\s/.test(next) ? null : valueFault(line.slice(end)) };
}

function nameFault(rest: string): string {
  const word = rest.split(/\s/)[0] ?? "";
  return `"${word}" is no assignment; write KEY=VALUE, with no blank around "=". No shell is run on this file.`;
}

function valueFault(rest: string): string {
  const sign = rest[0] ?? "";
  if (/[$`]/.test(rest.replace(/\\./g, "")) && sign !== "\\" && !/[;&|<>()']/.test(sign)) {
    return "The value needs a shell ($ or ` is in it), and none is run on this file; write the value itself, or put it in single quotes.";
  }
  if (sign === "'" || sign === '"') return `The quote ${sign} is not closed on this line; close it.`;
  if (sign === "\\") return "A line cannot go on after a backslash; write the value on one line.";
  return `"${sign}" means something to a shell, and none is run on this file; put the value in quotes.`;
}
