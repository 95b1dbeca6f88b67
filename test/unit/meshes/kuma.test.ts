import { describe, expect, test } from "vitest";
import { kuma } from "../../../harness/meshes/kuma/mesh.ts";
import { generatedRules, inputOf, readVectors, recordedRules, type Vector } from "./vectors.ts";

const VECTORS = readVectors("kuma.json");
/** What was there before stays, and kumactl's rule that leads to it is not made: no other program's rules are looked at. */
const BESIDE_OTHERS = "dns-docker-output";
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && !bad && name !== BESIDE_OTHERS);
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Inputs that the original refuses, or whose rules it cannot remove again (docs/meshes/kuma.md). */
const BETTER: readonly string[] = ["cni-mode-env", "bad-disable-comments-then-default"];

function byName(vectors: readonly Vector[]): readonly (readonly [string, Vector])[] {
  return vectors.map((vector) => [vector.name, vector]);
}

describe("Kuma's rules are those that kumactl leaves in the kernel:", () => {
  test.each(byName(good))("%s", (_, vector) => {
    expect(generatedRules(kuma, vector)).toEqual(recordedRules(vector));
  });
});

describe("what kumactl refuses, or cannot remove, is refused or applied whole:", () => {
  test.each(byName(bad))("%s", (name, vector) => {
    const rules = generatedRules(kuma, vector);
    expect(Array.isArray(rules) ? "refused" : "applied").toBe(BETTER.includes(name) ? "applied" : "refused");
  });
});

describe("settings written down lead to the same settings again:", () => {
  test.each(byName(good))("%s", (_, vector) => {
    const input = inputOf(vector);
    const first = kuma.read(input);
    const again = first.ok ? kuma.read({ ...input, ...kuma.render(first.value.settings) }) : first;
    expect(again.ok && again.value.settings).toEqual(first.ok && first.value.settings);
  });
});
