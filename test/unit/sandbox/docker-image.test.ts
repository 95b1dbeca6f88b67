import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { ensureImage } from "../../../harness/sandbox/docker/image.ts";
import { ROLE_LABEL } from "../../../harness/sandbox/docker/labels.ts";

const engine = connectEngine();

describe("the pod's image", () => {
  test("is built once: the second time prints and does nothing", async () => {
    const reference = await ensureImage(engine, "pod", () => {});
    const { Created, Config } = await engine.getImage(reference).inspect();
    const said: string[] = [];
    expect(await ensureImage(engine, "pod", (text) => said.push(text))).toBe(reference);
    expect(said).toEqual([]);
    expect((await engine.getImage(reference).inspect()).Created).toBe(Created);
    expect(Config.Labels).toMatchObject({ [ROLE_LABEL]: "pod" });
  });
});

describe("an image", () => {
  test("does not exist if one of its steps fails, and the error has the step's own message", async () => {
    const base = await ensureImage(engine, "pod", () => {});
    const envoyProgram = join(import.meta.dirname, "no-envoy.sh");
    const building = ensureImage(engine, "envoy", () => {}, { base, envoyProgram });
    await expect(building).rejects.toMatchObject({
      code: "environment",
      message: expect.stringMatching(/could not build the image envoy \(.*non-zero code: 9\)[\s\S]*this is no Envoy/),
    });
  });
});
