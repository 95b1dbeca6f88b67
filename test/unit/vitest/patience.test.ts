import { describe, expect } from "vitest";
import { test } from "../../../harness/vitest/index.ts";

describe("a test with a pod", () => {
  test("may take as long as a first run needs", ({ task }) => {
    expect(task.timeout).toBe(300_000);
  });

  test("keeps a timeout of its own", { timeout: 1_000 }, ({ task }) => {
    expect(task.timeout).toBe(1_000);
  });

  test.for([1])("may take as long, as one row of %i", (_, { task }) => {
    expect(task.timeout).toBe(300_000);
  });
});
