import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where in a module's text something is wrong. */
export interface ModulePlace {
  /** Absolute path; it may be another file that the module imports. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * Gives the place that an error from loading a module names: the caret that Node prints under a fault of syntax, or the first frame in
 * the file itself. Null where neither is there; a file that Node has refused as JavaScript is then read as TypeScript, which names the
 * place (Node 24 tells it of JavaScript only when the process dies of it).
 */
export async function findModulePlace(error: unknown, file: string): Promise<ModulePlace | null> {
  const place = readPlace(error, file);
  if (place !== null || !(error instanceof SyntaxError)) return place;
  return readPlace(await readAsTypeScript(file), file);
}

function readPlace(error: unknown, file: string): ModulePlace | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return readCaret(stack) ?? readFrame(stack, file);
}

/** The stack of a fault of syntax begins with file and line, then some text, with a caret under the fault; with none at the file's end. */
function readCaret(stack: string): ModulePlace | null {
  const [, path = "", line] = /^(\S*?)(?:\?\S*)?:(\d+)\n/.exec(stack) ?? [];
  if (line === undefined) return null;
  const [, ...quoted] = stack.slice(0, stack.indexOf("\n\n")).split("\n");
  const caret = quoted.find((text) => /^ *\^+$/.test(text))?.indexOf("^");
  const column = caret ?? quoted.at(-1)?.length ?? 0;
  return { file: path.startsWith("file:") ? fileURLToPath(path) : path, line: Number(line), column: column + 1 };
}

function readFrame(stack: string, file: string): ModulePlace | null {
  const [, behind = ""] = stack.split(pathToFileURL(file).href, 2);
  const [, line, column] = /^(?:\?[^:)]*)?:(\d+):(\d+)/.exec(behind) ?? [];
  return line === undefined ? null : { file, line: Number(line), column: Number(column) };
}

/** Gives what loading the file as TypeScript throws; null where it throws nothing. */
async function readAsTypeScript(file: string): Promise<unknown> {
  const address = `${pathToFileURL(file).href}?as-typescript=${crypto.randomUUID()}`;
  const hooks = registerHooks({
    load: (url, context, next) => next(url, url === address ? { ...context, format: "module-typescript" } : context),
  });
  try {
    await import(address);
    return null;
  } catch (error) {
    return error;
  } finally {
    hooks.deregister();
  }
}
