import { describe, expect, test } from "vitest";
import { killAtRandom } from "./kills.ts";
import { soakScenarios } from "./scenarios.ts";

describe("a run of network namespaces", () => {
  test("that is killed at a random moment leaves no process, and so no namespace, a second later", async () => {
    const killings = await killAtRandom(4);
    expect(killings.flatMap(({ left }) => left)).toEqual([]);
    // Every other run had its agent already.
    expect(killings.filter(({ killed }) => killed > 1).length).toBeGreaterThanOrEqual(killings.length / 2);
  });

  test("holds the same resources after many scenarios as after each had run once", async () => {
    const { wrong, before, after } = await soakScenarios(40);
    expect(wrong).toEqual([]);
    expect({ ...after, residentBytes: 0 }).toEqual({ ...before, residentBytes: 0 });
  });
});
