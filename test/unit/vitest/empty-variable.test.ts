import { afterAll, expect, vi } from "vitest";
import { test } from "../../../harness/vitest/index.ts";

vi.stubEnv("LANDFALL_SANDBOX", "");
afterAll(() => void vi.unstubAllEnvs());

test("an empty LANDFALL_SANDBOX counts as one that is not set", ({ backend }) => {
  expect(backend).toBe("auto");
});
