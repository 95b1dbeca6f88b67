import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./markdown.ts";

const DOORS = [
  ["landfall", "harness/index.d.ts"],
  ["landfall/vitest", "harness/vitest/index.d.ts"],
] as const;

/** Gives docs/api.md: every export of the package with its signature, as `tsc --declaration` writes it, docstrings left out. */
export function renderApiReport(): string {
  const folder = mkdtempSync(join(tmpdir(), "landfall-api-"));
  try {
    const emit = ["--emitDeclarationOnly", "--removeComments", "--noCheck", "--singleThreaded"];
    const options = ["-p", "tsconfig.build.json", ...emit, "--outDir", folder];
    execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...options], { cwd: ROOT });
    const parts = DOORS.map(([name, file]) => {
      const exported = listExports(join(folder, file)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      return `## ${name}\n\n${exported.map(({ text }) => `\`\`\`ts\n${text}\n\`\`\`\n`).join("\n")}`;
    });
    return `# The public API

Every export with its signature. [The library](library.md) shows how to use them, and each has a docstring that an editor shows. \`npm run api\` writes this file; a test holds it to be current, so that no export changes unnoticed.

${parts.join("\n")}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Exported {
  readonly name: string;
  /** The declaration, without what only declaration files need. */
  readonly text: string;
}

/** Gives what a declaration file exports, of its own and from other files. */
function listExports(file: string): readonly Exported[] {
  const text = readFileSync(file, "utf8");
  const passedOn = [...text.matchAll(/^export (type )?\{([^}]*)\} from "([^"]+)";$/gm)].flatMap(([, , names, from]) => {
    const home = join(dirname(file), (from ?? "").replace(/\.ts$/, ".d.ts"));
    const declared = readFileSync(home, "utf8");
    return (names ?? "").split(",").map((name) => findDeclaration(declared, name.trim().replace(/^type /, ""), home));
  });
  const own = [...text.matchAll(/^export (?:declare )?(?:const|function|class|interface|type) (\w+)/gm)];
  return [...passedOn, ...own.map(([, name = ""]) => findDeclaration(text, name, file))];
}

function findDeclaration(text: string, name: string, file: string): Exported {
  const start = new RegExp(
    `^export (?:declare )?(?:(?:abstract )?class|const|function|interface|type) ${name}\\b`,
    "m",
  );
  const at = text.search(start);
  if (at < 0) throw new Error(`${file} does not declare ${name}.`);
  const declaration = text.slice(at, findEnd(text, at)).replace(/^export (declare )?/, "");
  return { name, text: declaration.replaceAll("    ", "  ") };
}

/** A declaration ends at the first semicolon outside of brackets, or where the braces of an interface or class close. */
function findEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("{([".includes(character)) depth++;
    if ("})]".includes(character)) depth--;
    const isClosed =
      character === "}" && /^export (declare )?(abstract )?(class|interface) /.test(text.slice(from, from + 40));
    if (depth === 0 && (character === ";" || isClosed)) return at + 1;
  }
  return text.length;
}
