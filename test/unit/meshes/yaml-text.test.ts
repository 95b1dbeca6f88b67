import { expect, test } from "vitest";
import { consul } from "../../../harness/meshes/consul/mesh.ts";
import { istioAmbient } from "../../../harness/meshes/istio-ambient/mesh.ts";
import type { Mesh } from "../../../harness/meshes/mesh.ts";
import { readYamlText } from "../../../harness/meshes/yaml-text.ts";
import { readTyped } from "../../typed-input.ts";
import { inputOf, readVectors, type Vector } from "./vectors.ts";

/** Ten aliases of ten aliases, eight deep. */
const GROWING = Array.from({ length: 8 }, (_, i) =>
  i === 0
    ? "a0: &a0 [x]"
    : `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
).join("\n");

test.each<readonly [string, string, unknown]>([
  ["a map", "a: 1", { a: 1 }],
  ["JSON", '{"a": [1]}', { a: [1] }],
  ["an alias", "a: &x 1\nb: *x", { a: 1, b: 1 }],
  ["nothing", "", null],
])("%s is read", (_, text, value) => {
  expect(readYamlText(text)).toEqual({ ok: true, value });
});

test.each([
  ["what is not YAML", "a: [", "This is neither JSON nor YAML:"],
  ["several documents", "a: 1\n---\na: 2", "This is neither JSON nor YAML:"],
  ["an alias of nothing", "a: *x", "This cannot be read:"],
  ["an alias inside what it names", "a: &x [*x]", "This cannot be read: An alias stands inside what it names"],
  ["aliases that multiply without end", GROWING, "This cannot be read:"],
])("%s is refused with one sentence", (_, text, start) => {
  expect(readYamlText(text)).toEqual({ ok: false, message: expect.stringContaining(start) });
});

test.each<readonly [string, Mesh<never>]>([
  ["consul", consul as Mesh<never>],
  ["istio-ambient", istioAmbient as Mesh<never>],
])("a file of %s that cannot be read is a finding", (_, mesh) => {
  const [vector] = readVectors("consul.json");
  const parsed = readTyped(mesh, { ...inputOf(vector as Vector), config: { path: "file.yaml", text: "a: *x" } });
  expect(parsed.ok ? [] : parsed.findings.map(({ message }) => message)).toContainEqual(
    expect.stringContaining("This cannot be read:"),
  );
});
