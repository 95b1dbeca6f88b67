import { describe, expect, test } from "vitest";
import { imageReference } from "../../../harness/sandbox/image-contents.ts";

describe("an image", () => {
  test("is called after what is in it, the same every time", () => {
    expect(imageReference("pod")).toMatch(/^landfall\/pod:[0-9a-f]{16}$/);
    expect(imageReference("pod")).toBe(imageReference("pod"));
  });
  test("has another name than the other images, and than itself on another base", () => {
    const names = [imageReference("pod"), imageReference("istio-iptables"), imageReference("pod", { base: "other:1" })];
    expect(new Set(names).size).toBe(3);
  });
});
