import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readTextFile, TEXT_BYTES_AT_MOST } from "../../../harness/load/text-file.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-text-"));
afterAll(() => rmSync(folder, { recursive: true }));

function makePipe(name: string): string {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
}

describe("a text is read", () => {
  test.each([
    ["UTF-8", Buffer.from("a\nü")],
    ["UTF-8 with a byte order mark", Buffer.from("\ufeffa\nü")],
    ["UTF-16, low byte first", Buffer.from("\ufeffa\nü", "utf16le")],
    ["UTF-16, high byte first", Buffer.from("\ufeffa\nü", "utf16le").swap16()],
  ])("from a file of %s", (_, bytes) => {
    const path = join(folder, "text");
    writeFileSync(path, bytes);
    expect(readTextFile(path)).toBe("a\nü");
  });

  test("from a pipe whose writer comes late and writes slowly", async () => {
    const path = makePipe("slow");
    const writer = spawn("/bin/sh", ["-c", `sleep 0.5; { echo a; sleep 0.5; echo b; } > "${path}"`]);
    expect(readTextFile(path)).toBe("a\nb\n");
    await once(writer, "exit");
  });
});

describe("a text is refused", () => {
  test("from a pipe into which nobody writes", () => {
    expect(() => readTextFile(makePipe("silent"))).toThrow("nothing was written to it within 2 s");
  });

  test("from an endless device, and from a file of more than 256 MiB", () => {
    const path = join(folder, "large");
    writeFileSync(path, "");
    truncateSync(path, TEXT_BYTES_AT_MOST + 1);
    for (const each of ["/dev/zero", path]) expect(() => readTextFile(each)).toThrow("more than 256 MiB");
  });
});
