import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { MESHES } from "../../../harness/meshes/meshes.ts";
import { NO_LOOKUPS } from "../../../harness/model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { cutInput } from "../../typed-input.ts";

const root = resolve(import.meta.dirname, "../../..");
const meshes = join(root, "harness/meshes");

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Gives the files of the meshes' room whose code a file runs: what it imports as types alone is left out. */
function findCode(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, isType, names = "", path = ""] of readFileSync(file, "utf8").matchAll(
    /^import (type )?([^"';]*?) from "(\.[^"]+\.ts)"/gm,
  )) {
    const isAllTypes = /^\{(\s*type \w+( as \w+)?,?)+\s*\}$/.test(names);
    const target = join(dirname(file), path);
    if (!isType && !isAllTypes && target.startsWith(meshes)) findCode(target, found);
  }
  return found;
}

/** What both may read: which addresses the pod has and which name servers, as the mesh's own tool finds them out. */
const FACTS = ["pod-facts.ts"];

const folders = readdirSync(meshes, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);

describe("the contract of a mesh", () => {
  test.each(folders)("shares no code with its rules: %s", (name) => {
    const [contract, rules] = ["contract.ts", "rules.ts"].map((file) => join(meshes, name, file));
    if (!contract || !rules || !existsSync(contract) || !existsSync(rules)) throw new Error(`${name} lacks a file`);
    const made = findCode(rules);
    const shared = [...findCode(contract)]
      .filter((file) => made.has(file))
      .map((file) => relative(join(meshes, name), file));
    expect(shared.filter((file) => !FACTS.includes(file))).toEqual([]);
  });
});

/** Leaves of a source text its code: without comments, and without the words in quotes, which may show examples. */
function readCode(file: string): string {
  return readFileSync(file, "utf8")
    .replace(/\/\*.*?\*\//gs, "")
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');
}

/** Numbers that mean the same in every pod, whatever its mesh. */
const EVERYWHERE = [0];

test("no file outside the meshes knows a port or an owner of a mesh", () => {
  const { pod: own, vm: behindLink } = DEFAULT_ADDRESSES;
  const numbers = new Set(
    MESHES.flatMap((mesh) => {
      const pod = { addresses: [own[4]], own, behindLink, resolvers: [] };
      const given = { ...mesh.injected, environment: {}, files: [], names: NO_LOOKUPS, pod };
      const bound = mesh.bind(cutInput(mesh, given), DEFAULT_ADDRESSES);
      if (!bound.ok) throw new Error(`${mesh.name}: ${JSON.stringify(bound.findings)}`);
      const { listeners, proxies } = bound.value.capture.shape;
      return [...listeners.map(({ port }) => port), ...proxies.flatMap(({ runsAs }) => [runsAs.uid, runsAs.gid])];
    }),
  );
  expect(numbers.size).toBeGreaterThan(MESHES.length);
  const named = [...numbers].filter((number) => !EVERYWHERE.includes(number)).join("|");
  const outside = sourceFiles(join(root, "harness")).filter((file) => !file.startsWith(meshes));
  const found = outside.flatMap((file) =>
    (readCode(file).match(new RegExp(`(?<![\\w.])(?:${named})(?![\\w.])`, "g")) ?? []).map(
      (number) => `${relative(root, file)}: ${number}`,
    ),
  );
  expect(found).toEqual([]);
});

test("no file outside the meshes compares the name of a mesh: differences are data of the mesh", () => {
  const names = MESHES.map(({ name }) => name.replaceAll(".", "\\.")).join("|");
  // An example within a text has quotes around it, too; such texts are in single quotes.
  const asked = new RegExp(
    [
      `["'\`](?:${names})["'\`]`,
      "\\bmesh(?:\\.name)?\\)?\\s*[!=]==?\\s*[\"'`]",
      "[!=]==?\\s*defaultMesh\\(\\)",
      "defaultMesh\\(\\)(?:\\.name)?\\s*[!=]==?",
      "\\bMESHES(?:\\[|\\.at\\()",
    ].join("|"),
    "g",
  );
  const outside = sourceFiles(join(root, "harness")).filter((file) => !file.startsWith(meshes));
  const found = outside.flatMap((file) => {
    const code = readFileSync(file, "utf8")
      .replace(/\/\*.*?\*\//gs, "")
      .replace(/^\s*\/\/.*$/gm, "")
      .replace(/'[^'\n]*"[^'\n]*'/g, "''");
    return (code.match(asked) ?? []).map((text) => `${relative(root, file)}: ${text}`);
  });
  expect(found).toEqual([]);
});
