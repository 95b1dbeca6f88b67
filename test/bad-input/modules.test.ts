import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { CROWDED, casesIn, expectRefusal, HANGS_AFTER_MS, runCase } from "./refusal.ts";

const root = mkdtempSync(join(tmpdir(), "landfall-modules-"));
afterAll(() => rmSync(root, { recursive: true }));

describe.concurrent("landfall refuses", () => {
  test.each(casesIn("module").map((each) => [each.what, each] as const))(
    "%s",
    async (_, each) => expectRefusal(each, await runCase(each, root)),
    HANGS_AFTER_MS * CROWDED,
  );
});
