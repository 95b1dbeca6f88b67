import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { imageReference } from "../../../harness/sandbox/docker/image-contents.ts";
import { packContext } from "../../../harness/sandbox/docker/image-context.ts";

describe("an image", () => {
  test("is named after its contents, the same every time", () => {
    expect(imageReference("pod")).toMatch(/^landfall\/pod:[0-9a-f]{16}$/);
    expect(imageReference("pod")).toBe(imageReference("pod"));
  });
  test("has another name than the other images, and another on another base image", () => {
    const names = [imageReference("pod"), imageReference("istio-iptables"), imageReference("pod", { base: "other:1" })];
    expect(new Set(names).size).toBe(3);
  });

  describe("of the init container", () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-image-"));
    const image = join(folder, "image");
    beforeAll(async () => {
      const context = join(folder, "context");
      mkdirSync(context);
      spawnSync("tar", ["-x", "-C", context], { input: await buffer(packContext("istio-iptables", {})) });
      const dockerfile = readFileSync(join(context, "images/istio-iptables/Dockerfile"), "utf8");
      for (const [, from = "", to = ""] of dockerfile.matchAll(/^COPY (\S+) (\S+)$/gm))
        cpSync(join(context, from), join(image, to), { recursive: true });
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    test.each([
      "apply --help",
      "apply -t -b 80",
      "generate --mesh kuma",
      "clean --help",
      "generate --json",
      "--version",
      "appl",
    ])("holds all that landfall %s loads", (words) => {
      const main = join(image, "landfall/harness/cli/main.ts");
      // In a namespace of its own, where a dry run looks at the rules.
      const line = ["--net", process.execPath, main, ...words.split(" ")];
      const { status, stderr } = spawnSync("unshare", line, { encoding: "utf8" });
      expect({ status, said: /module/i.exec(stderr)?.[0] }).toEqual({ status: words === "appl" ? 2 : 0 });
    });
  });
});
