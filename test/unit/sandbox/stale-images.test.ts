import { afterEach, describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { imageExists } from "../../../harness/sandbox/docker/engine-answers.ts";
import { imageReference } from "../../../harness/sandbox/docker/image-contents.ts";
import { ROLE_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { makeImageJudge, removeStaleImages } from "../../../harness/sandbox/docker/stale-images.ts";
import { buildLabelledImage, makeTag } from "./labelled-image.ts";

const engine = connectEngine();
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo().catch(() => null);
});

/** Makes an image that is gone after the test, and gives its reference. */
async function makeImage(reference: string, labels: Readonly<Record<string, string>>): Promise<string> {
  await buildLabelledImage(engine, reference, labels);
  cleanUp.push(() => engine.getImage(reference).remove({ force: true }));
  return reference;
}

/** Removes what is stale among these references, everything else being current, and gives what was removed and what is left of them. */
async function sweepAmong(references: readonly string[]) {
  const removed = await removeStaleImages(engine, (one) => (references.includes(one) ? "stale" : "current"));
  const there = await Promise.all(references.map((reference) => imageExists(engine, reference)));
  return { removed: removed.map(({ name }) => name), left: references.filter((_, i) => there[i]) };
}

describe("of landfall's images", () => {
  test("those that it would not use are removed and listed", async () => {
    const pod = await makeImage(`landfall/pod:${makeTag()}`, { [ROLE_LABEL]: "pod" });
    const init = await makeImage(`landfall/istio-iptables:${makeTag()}`, { [ROLE_LABEL]: "istio-iptables" });
    expect(await sweepAmong([init])).toEqual({ removed: [init], left: [] });
    expect(await sweepAmong([pod])).toEqual({ removed: [pod], left: [] });
  });

  test("one that a stopped container uses is kept", async () => {
    const pod = await makeImage(`landfall/pod:${makeTag()}`, { [ROLE_LABEL]: "pod" });
    const container = await engine.createContainer({ Image: pod, Cmd: ["true"] });
    expect(await sweepAmong([pod])).toEqual({ removed: [], left: [pod] });
    await container.remove();
    expect(await sweepAmong([pod])).toEqual({ removed: [pod], left: [] });
  });

  test.each([
    ["a tag that a person gave", `landfall/pod:mine-${makeTag()}`, { [ROLE_LABEL]: "pod" }],
    ["another's name", `somebody/pod:${makeTag()}`, { [ROLE_LABEL]: "pod" }],
    ["no label", `landfall/pod:${makeTag()}`, {}],
    ["another role's label", `landfall/pod:${makeTag()}`, { [ROLE_LABEL]: "base" }],
  ])("an image with %s does not count", async (_, reference, labels) => {
    const made = await makeImage(reference, labels);
    expect(await sweepAmong([made])).toEqual({ removed: [], left: [made] });
  });

  test.each([
    ["a pod's of this version", imageReference("pod"), "current"],
    ["an init container's of this version", imageReference("istio-iptables"), "current"],
    ["an Envoy's, if this machine has none to compare", "landfall/envoy:0123456789abcdef", "current"],
    ["a pod's of another version", "landfall/pod:0123456789abcdef", "stale"],
  ])("%s is judged", (_, reference, expected) => {
    expect(makeImageJudge({ LANDFALL_ENVOY: "/nowhere/envoy" })(reference)).toBe(expected);
  });

  test("one with another version of Envoy is stale if Envoy is available here", () => {
    const judge = makeImageJudge({ LANDFALL_ENVOY: process.execPath });
    const own = imageReference("envoy", { base: imageReference("pod"), envoyProgram: process.execPath });
    expect([judge(own), judge("landfall/envoy:0123456789abcdef")]).toEqual(["current", "stale"]);
  });
});
