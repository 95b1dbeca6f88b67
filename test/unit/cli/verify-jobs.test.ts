import { describe, expect, test } from "vitest";
import { countMostJobs } from "../../../harness/cli/verify/jobs.ts";

const GIB = 2 ** 30;

describe("a machine can serve", () => {
  test.each([
    ["netns", 2, 8 * GIB, 8],
    ["docker", 2, 8 * GIB, 4],
    ["netns", 64, 1 * GIB, 5],
    ["docker", 1, 0, 1],
  ] as const)(
    "on %s with %i processors and %i bytes: %i sandboxes at the same time",
    (backend, processors, free, jobs) => {
      expect(countMostJobs(backend, processors, free)).toBe(jobs);
    },
  );
});
