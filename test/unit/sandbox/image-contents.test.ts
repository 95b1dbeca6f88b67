import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { imageReference, packContext } from "../../../harness/sandbox/docker/image-contents.ts";

describe("an image", () => {
  test("is named after its contents, the same every time", () => {
    expect(imageReference("pod")).toMatch(/^landfall\/pod:[0-9a-f]{16}$/);
    expect(imageReference("pod")).toBe(imageReference("pod"));
  });
  test("has another name than the other images, and another on another base image", () => {
    const names = [imageReference("pod"), imageReference("istio-iptables"), imageReference("pod", { base: "other:1" })];
    expect(new Set(names).size).toBe(3);
  });

  test.each([
    "apply --help",
    "apply -t -b 80",
    "generate --mesh kuma",
    "clean --help",
    "generate --json",
    "--version",
    "appl",
  ])("of the init container holds all that landfall %s loads", async (words) => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-image-"));
    try {
      spawnSync("tar", ["-x", "-C", folder], { input: await buffer(packContext("istio-iptables", {})) });
      const main = join(folder, "harness/cli/main.ts");
      // In a namespace of its own, where a dry run looks at the rules.
      const line = ["--net", process.execPath, main, ...words.split(" ")];
      const { status, stderr } = spawnSync("unshare", line, { encoding: "utf8" });
      expect({ status, said: /module/i.exec(stderr)?.[0] }).toEqual({ status: words === "appl" ? 2 : 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
