import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CodeBlock, ROOT, readCodeBlocks } from "./markdown.ts";

/** The page about the library. */
export const LIBRARY_PAGE = "docs/library.md";

/** An example of the page, with the block that says what it prints. */
export interface LibraryExample {
  /** Its module: `example-1.ts`. */
  readonly file: string;
  readonly example: CodeBlock;
  readonly printed: CodeBlock;
}

/** The page's examples as modules of a folder in the checkout, where they import landfall by its name although nothing is built. */
export class LibraryExamples {
  readonly examples: readonly LibraryExample[];
  readonly folder: string;

  constructor() {
    const blocks = readCodeBlocks(LIBRARY_PAGE);
    this.examples = blocks.flatMap((example, i): readonly LibraryExample[] => {
      const printed = blocks[i + 1];
      if (example.info.join(" ") !== "ts example") return [];
      if (printed?.info.join(" ") !== "text printed")
        throw new Error(`${LIBRARY_PAGE}:${example.line}: what does it print?`);
      return [{ file: `example-${example.line}.ts`, example, printed }];
    });
    mkdirSync(join(ROOT, ".landfall"), { recursive: true });
    this.folder = mkdtempSync(join(ROOT, ".landfall/library-"));
    for (const { info, text } of blocks) if (info[1]?.endsWith(".ts")) writeFileSync(join(this.folder, info[1]), text);
    for (const { file, example } of this.examples) writeFileSync(join(this.folder, file), example.text);
  }

  /** Runs every example in one process and gives what each printed, in their order. */
  run(): readonly string[] {
    const mark = "-- next example --";
    const lines = this.examples.map(
      ({ file }) => `await import("./${file}");\nconsole.log(${JSON.stringify(mark)});\n`,
    );
    const main = join(this.folder, "main.ts");
    writeFileSync(main, lines.join(""));
    const words = ["--conditions=landfall-source", main];
    const said = execFileSync(process.execPath, words, { encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    return said.split(`${mark}\n`).slice(0, -1);
  }

  /** Gives what the type checker says of the examples; nothing, if they hold to the types. */
  checkTypes(): string {
    const config = { extends: join(ROOT, "tsconfig.json"), include: [this.folder] };
    const file = join(this.folder, "tsconfig.json");
    writeFileSync(file, JSON.stringify(config));
    try {
      return execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", file], {
        encoding: "utf8",
      });
    } catch (error) {
      return error instanceof Error && "stdout" in error ? String(error.stdout) : String(error);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
