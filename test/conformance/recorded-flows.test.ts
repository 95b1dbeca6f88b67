import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { describeLanding, RECORDINGS } from "../recorded-flows.ts";
import { takeShare } from "../thoroughness.ts";
import { driveTwice } from "./drive-twice.ts";

/** How many flows are under way at one time. */
const IN_FLIGHT = 64;

describe("what was recorded under the rules of a mesh's own tool lands in the kernel alike under landfall's:", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox("netns");
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each(takeShare(RECORDINGS, 9))("$mesh, $name", async ({ prepare }) => {
    const { rules, spec, rows, recorded } = prepare(sandbox.addresses);
    await sandbox.enter(spec);
    await sandbox.install({ kind: "rules", rules });
    const requests = rows.map(({ flow }) => ({ flow, manner: "answer" as const }));
    const seen = await driveTwice(
      requests,
      rows.map(() => null),
      sandbox,
      IN_FLIGHT,
    );
    await sandbox.clear();
    const landed = rows.map(({ text }, i) => [text, seen[i] && describeLanding(seen[i].landing)]);
    expect(Object.fromEntries(landed)).toEqual(recorded);
  });
});
