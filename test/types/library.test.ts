import { describe, expectTypeOf, test } from "vitest";
import * as library from "../../harness/index.ts";
import { type Pod, type PodFlow, expect as podExpect, test as podTest } from "../../harness/vitest/index.ts";

describe("the library's types", () => {
  test("reject a scenario without a claim, and one with an unknown field", () => {
    const { defineScenario } = library;
    expectTypeOf(defineScenario).returns.toEqualTypeOf<library.Scenario>();
    // @ts-expect-error: a scenario has a claim.
    defineScenario({ name: "x", capture: [] });
    // @ts-expect-error: there is no such field.
    defineScenario({ name: "x", claim: "y", capture: [], answers: {} });
  });

  test("give a test its pod", () => {
    type Body = (context: { readonly pod: Pod }) => Promise<void>;
    const define: (name: string, body: Body) => void = podTest;
    expectTypeOf(define).toBeFunction();
    expectTypeOf<Pod["flow"]>().returns.toEqualTypeOf<PodFlow>();
  });

  test("make toLandOn return a promise that has to be awaited", () => {
    const check = (flow: PodFlow) => podExpect(flow).toLandOn("app:8080");
    expectTypeOf(check).returns.toEqualTypeOf<Promise<void>>();
    // @ts-expect-error: a landing is a text.
    const wrong = (flow: PodFlow) => podExpect(flow).toLandOn(8080);
    expectTypeOf(wrong).toBeFunction();
  });
});
