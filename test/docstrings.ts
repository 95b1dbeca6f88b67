import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "rolldown/utils";

const KINDS = ["function", "class", "interface", "type", "const"] as const;

/** An export of a file, with what stands above it and what its code throws. */
export interface ExportedThing {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  /** The text of the docstring, without its frame of stars; null without one. */
  readonly docstring: string | null;
  /**
   * What the function's or class's own code throws, closures included, and no docstring of it names: codes (`bad-input`), and names of
   * error classes that carry no code (`RangeError`).
   */
  readonly untoldThrows: readonly string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/**
 * Lists what files export themselves, in the files' order; what they pass on from other files is listed at its home. Names are those of
 * the declaration. One parse of each file: some 600 files take about 0.3 s.
 *
 * @example
 * listExportedThings(root, ["harness/errors.ts"])[1]
 * // { file: "harness/errors.ts", line: 19, name: "ErrorCode", kind: "type", docstring: "The code of a …", untoldThrows: [] }
 */
export function listExportedThings(root: string, files: readonly string[]): readonly ExportedThing[] {
  return files.flatMap((file) => readExports(file, readFileSync(join(root, file), "utf8")));
}

/** As {@link listExportedThings}, of one file's text. */
export function readExports(file: string, text: string): readonly ExportedThing[] {
  const parsed = parseSync(file, text, { lang: "ts" });
  const { comments, errors, module } = parsed;
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  return module.staticExports.flatMap(({ start, end, entries }) => {
    const code = text.slice(start, end);
    // A line that passes things on from another file declares none.
    if (entries.some(({ moduleRequest }) => moduleRequest !== null)) return [];
    const kind = KINDS.find((word) => new RegExp(`^export (?:(?:async|abstract|declare) )*${word}\\b`).test(code));
    if (kind === undefined) return [];
    // The docstring ends where only blanks stand between it and the export.
    const above = comments.findLast((comment) => comment.end <= start);
    const isOwn = above?.type === "Block" && above.value.startsWith("*");
    const isBeside = isOwn && text.slice(above.end, start).trim() === "";
    const docstring = isBeside ? above.value.replaceAll(/^\s*\*? ?/gm, "").trim() : null;
    const line = text.slice(0, start).split("\n").length;
    // What a constant holds throws when it is called: the type of those functions says so.
    const isCode = kind === "function" || kind === "class";
    const untoldThrows =
      isCode && code.includes("throw ") ? findUntold(code, findNode(parsed.program, start), docstring ?? "") : [];
    return entries.map(({ exportName: { name } }) => ({
      file,
      line,
      name: name ?? "default",
      kind,
      docstring,
      untoldThrows,
    }));
  });
}

/** Gives what is thrown in the code of an export and named neither above it nor, in a class, above a method. */
function findUntold(code: string, statement: Node | undefined, docstring: string): readonly string[] {
  const told = [docstring, ...(code.match(/\/\*\*.*?\*\//gs) ?? [])];
  const thrown = statement === undefined ? [] : findThrows(statement);
  return [...new Set(thrown.filter((what) => !told.some((text) => text.includes(what))))];
}

/** Only files that throw are turned into a tree of nodes: that takes most of a parse. */
function findNode(program: unknown, start: number): Node | undefined {
  const { body } = program as { readonly body: readonly Node[] };
  return body.find((statement) => statement.start === start);
}

/** The names of what files pass on from others, by the file that declares it: `harness/model/flow.ts` → `Flow`, `FlowSpec`. */
export function listPassedOn(root: string, file: string): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(root, file), "utf8");
  const statements = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)";$/gm)];
  return new Map(
    statements.map(([, names = "", from = ""]) => [
      join(dirname(file), from),
      names.split(",").map((name) => name.trim().replace(/^type /, "")),
    ]),
  );
}

/** Gives what is thrown in a piece of code: the first word of `new LandfallError("bad-input", …)`, the class of any other error. */
function findThrows(node: Node): readonly string[] {
  const here = node.type === "ThrowStatement" && isNode(node["argument"]) ? nameThrown(node["argument"]) : [];
  const below = Object.values(node).flatMap((field) =>
    (Array.isArray(field) ? field : [field]).filter(isNode).flatMap(findThrows),
  );
  return [...here, ...below];
}

/** The helpers that make an error, with the code they give it. */
const MAKERS: Readonly<Record<string, string>> = {
  refuse: "bad-input",
  refuseUsage: "bad-usage",
  engineFailed: "environment",
};
/** The errors that carry a code, as their first argument. */
const CODED = ["LandfallError", "CallError"];

function nameThrown(thrown: Node): readonly string[] {
  if (thrown.type === "ConditionalExpression")
    return [thrown["consequent"], thrown["alternate"]].filter(isNode).flatMap(nameThrown);
  const made = thrown.type === "CallExpression" ? MAKERS[nameOf(thrown["callee"])] : undefined;
  if (made !== undefined) return [made];
  if (thrown.type !== "NewExpression") return [];
  const [first] = thrown["arguments"] as readonly Node[];
  const error = nameOf(thrown["callee"]);
  return [CODED.includes(error) && typeof first?.["value"] === "string" ? first["value"] : error];
}

function nameOf(node: unknown): string {
  return isNode(node) ? String(node["name"] ?? "") : "";
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
