import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "./markdown.ts";

/** How a command that a user typed has ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A user's home with a checkout in it, and a project with landfall installed: what `npm pack` makes in the checkout, and its dependencies
 * as the checkout has them. Gone when disposed of.
 */
export class UserFolder {
  readonly home: string;
  /** A copy of the files that git knows, and the packages they need; nothing is built. */
  readonly checkout: string;
  /** The project's folder. */
  readonly path: string;

  constructor() {
    this.home = mkdtempSync(join(tmpdir(), "landfall-user-"));
    this.checkout = copyCheckout(join(this.home, "checkout"));
    this.path = join(this.home, "project");
    const modules = join(this.path, "node_modules");
    const installed = join(modules, manifest.name);
    mkdirSync(installed, { recursive: true });
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      // Names with a dot in front are npm's and vitest's own notes on the checkout: the project makes its own.
      if (name !== manifest.name && !name.startsWith("."))
        symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
    }
    const archive = join(this.home, `${manifest.name}-${manifest.version}.tgz`);
    execFileSync("npm", ["pack", "--silent", "--pack-destination", this.home], { cwd: this.checkout });
    execFileSync("tar", ["--extract", "--file", archive, "--strip-components=1", "--directory", installed]);
    rmSync(join(this.checkout, "dist"), { recursive: true });
    this.writeProgram("landfall", `exec "${process.execPath}" "${join(installed, manifest.bin.landfall)}" "$@"`);
    this.writeProgram("vitest", `exec "${process.execPath}" "${join(modules, "vitest/vitest.mjs")}" "$@"`);
  }

  /** Runs shell in the project's folder, or another, with `landfall` and `vitest` to be had; ends at the first line that fails. */
  run(text: string, folder = this.path): Ended {
    const path = [join(this.path, "bin"), dirname(process.execPath), process.env["PATH"]].join(":");
    const settings = { PATH: path, NO_COLOR: "1", COLUMNS: "100", VITEST: undefined };
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

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private writeProgram(name: string, line: string): void {
    mkdirSync(join(this.path, "bin"), { recursive: true });
    writeFileSync(join(this.path, "bin", name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
}

/** Copies what makes the package: no packages, nothing built, no history. */
function copyCheckout(to: string): string {
  const left = ["node_modules", "dist", ".git", ".landfall", "test"];
  cpSync(ROOT, to, { recursive: true, filter: (file) => dirname(file) !== ROOT || !left.includes(basename(file)) });
  symlinkSync(join(ROOT, "node_modules"), join(to, "node_modules"));
  return to;
}
