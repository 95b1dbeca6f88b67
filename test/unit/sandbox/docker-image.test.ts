import { describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker-engine.ts";
import { ensureImage, imageReference } from "../../../harness/sandbox/docker-image.ts";

const engine = connectEngine();

describe("the pod's image", () => {
  test("is called after what is in it, and each image otherwise", () => {
    expect(imageReference("pod")).toMatch(/^landfall\/pod:[0-9a-f]{16}$/);
    expect(imageReference("pod")).toBe(imageReference("pod"));
  });
  test("is built once: the second time nothing is said and nothing done", async () => {
    const reference = await ensureImage(engine, "pod", () => {});
    const { Created, Config } = await engine.getImage(reference).inspect();
    const said: string[] = [];
    expect(await ensureImage(engine, "pod", (text) => said.push(text))).toBe(reference);
    expect(said).toEqual([]);
    expect((await engine.getImage(reference).inspect()).Created).toBe(Created);
    expect(Config.Labels).toMatchObject({ "landfall.role": "pod" });
  });
});
