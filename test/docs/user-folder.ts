import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./markdown.ts";

/** How a command that a user typed has ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's home with an empty project in it. Gone when disposed of. */
export class UserFolder {
  readonly home = mkdtempSync(join(tmpdir(), "landfall-user-"));
  /** The project's folder, as the README names it. */
  readonly path = join(this.home, "my-project");

  constructor() {
    this.write("package.json", '{ "private": true, "type": "module" }\n');
  }

  /** Runs shell in the project's folder, or another, with the project's own programs to be had; ends at the first line that fails. */
  run(text: string, folder = this.path, variables: Readonly<Record<string, string>> = {}): Ended {
    const programs = join(this.path, "node_modules/.bin");
    const path = [programs, dirname(process.execPath), process.env["PATH"]].join(":");
    const settings = { PATH: path, NO_COLOR: "1", COLUMNS: "100", VITEST: undefined, ...variables };
    const { status, stdout, stderr } = spawnSync("sh", ["-e", "-c", text], {
      cwd: folder,
      env: { ...process.env, ...settings },
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  /** Writes a file of the user's. */
  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), text);
  }

  /** Lets the project find a package as the checkout has it, and its program. */
  link(name: string, program: string): void {
    symlinkSync(join(ROOT, "node_modules", name), join(this.path, "node_modules", name));
    symlinkSync(join("..", name, program), join(this.path, "node_modules/.bin", name));
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
