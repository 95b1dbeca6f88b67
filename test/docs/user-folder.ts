import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./markdown.ts";

/** How a command that a user typed has ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's folder with landfall installed: the files that the package names, built, and its dependencies. Gone when disposed of. */
export class UserFolder {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "landfall-user-"));
    const modules = join(this.path, "node_modules");
    const installed = join(modules, manifest.name);
    mkdirSync(installed, { recursive: true });
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      if (name !== manifest.name) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
    for (const file of ["package.json", ...manifest.files]) {
      if (file !== "dist" && existsSync(join(ROOT, file)))
        cpSync(join(ROOT, file), join(installed, file), { recursive: true });
    }
    execFileSync(process.execPath, [join(ROOT, "harness/build/build.mjs"), join(installed, "dist")]);
    this.writeProgram("landfall", `exec "${process.execPath}" "${join(installed, manifest.bin.landfall)}" "$@"`);
    this.writeProgram("vitest", `exec "${process.execPath}" "${join(modules, "vitest/vitest.mjs")}" "$@"`);
  }

  /** Runs a line of shell in the folder, with `landfall` and `vitest` to be had. */
  run(line: string): Ended {
    const path = `${join(this.path, "bin")}:${process.env["PATH"]}`;
    const env = { ...process.env, PATH: path, NO_COLOR: "1", COLUMNS: "100", VITEST: undefined };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", line], { cwd: this.path, env, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  /** Writes a file of the user's. */
  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  private writeProgram(name: string, line: string): void {
    mkdirSync(join(this.path, "bin"), { recursive: true });
    writeFileSync(join(this.path, "bin", name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
}
