import { expect, test } from "vitest";
import { countRuns } from "../thoroughness.ts";
import { judgeHoles } from "./holes.ts";

/**
 * `npm run holes` draws many more, from the configs of every mesh. Here only those of istio-1.4 are drawn: a config of the others has up to
 * a thousand classes of flows, of which each hole drives one flow each.
 */
const HOLES = countRuns(8);
const SEED = 20261128;

test("on the kernel, verify reports every random exception that its own flows can show", {
  timeout: 300_000,
}, async () => {
  const judged = await judgeHoles({ first: SEED, count: HOLES, jobs: 1, mesh: "istio-1.4" }, () => {});
  expect(judged.filter(({ outcome }) => outcome.kind === "missed")).toEqual([]);
  // Were none seen, the holes or the comparison would be worth nothing.
  expect(judged.filter(({ outcome }) => outcome.kind === "seen").length).toBeGreaterThan(0);
  expect(judged.filter(({ outcome }) => outcome.kind === "harmless").length).toBeGreaterThan(0);
});
