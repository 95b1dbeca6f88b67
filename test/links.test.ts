import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import manifest from "../package.json" with { type: "json" };

const ROOT = resolve(import.meta.dirname, "..");
const DOCUMENTS = ["*.md", "docs/**/*.md", ".github/**/*.md"].flatMap((pattern) => globSync(pattern, { cwd: ROOT }));

interface Document {
  readonly name: string;
  /** Without its blocks of code. */
  readonly text: string;
}

const documents = DOCUMENTS.map((name): Document => {
  const text = readFileSync(join(ROOT, name), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");
  return { name, text };
});

/** Gives a heading's anchor as GitHub makes it: `## Exit codes` is `#exit-codes`. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "");
  return words.replaceAll(" ", "-");
}

function anchorsOf(file: string): readonly string[] {
  return [...readFileSync(join(ROOT, file), "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => anchorOf(text));
}

function findDeadLinks({ name, text }: Document): readonly string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? name : relative(ROOT, resolve(ROOT, dirname(name), path));
    if (!existsSync(join(ROOT, file))) return [`${name}: ${target}`];
    return anchor === undefined || anchorsOf(file).includes(anchor) ? [] : [`${name}: ${target}`];
  });
}

/** Files of a user's own project. */
const USERS = ["test/pod.test.ts", ".github/workflows/landfall.yml"];

/** Paths of this repository that stand in code: `harness/cli/commands.ts`; those with a NAME or a pattern stand for several. */
function findDeadPaths({ name, text }: Document): readonly string[] {
  const paths = text.matchAll(/`((?:harness|test|scenarios|images|schemas|docs|action|\.github)\/[\w./-]+)`/g);
  const isThere = (path: string) => /[A-Z]{4}/.test(path) || USERS.includes(path) || existsSync(join(ROOT, path));
  return [...paths].flatMap(([, path = ""]) => (isThere(path) ? [] : [`${name}: ${path}`]));
}

/** Gives the documents that one links to; a link to a folder leads to every document in it. */
function findLinked(name: string): readonly string[] {
  const { text = "" } = documents.find((document) => document.name === name) ?? {};
  const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) =>
    relative(ROOT, resolve(ROOT, dirname(name), target)),
  );
  return DOCUMENTS.filter((document) => targets.includes(document) || targets.includes(dirname(document)));
}

test(".nvmrc names the Node that the checkout installs", () =>
  expect(readFileSync(join(ROOT, ".nvmrc"), "utf8").trim()).toBe(manifest.devDependencies.node));

test.each(globSync(".github/ISSUE_TEMPLATE/[!c]*.yml", { cwd: ROOT }))("%s uses names that exist", (file) => {
  const { name, description, body } = parse(readFileSync(join(ROOT, file), "utf8"));
  const ids: readonly unknown[] = body.flatMap(({ id }: { readonly id?: unknown }) => id ?? []);
  expect([typeof name, typeof description, ids.every((id) => /^[a-z]+$/.test(String(id)))]).toEqual([
    "string",
    "string",
    true,
  ]);
  expect(new Set(ids).size).toBe(ids.length);
});

describe("documents", () => {
  test("link to files and headings that are there", () => expect(documents.flatMap(findDeadLinks)).toEqual([]));

  test("name files and folders that are there", () => expect(documents.flatMap(findDeadPaths)).toEqual([]));

  test("can all be reached from the README", () => {
    const linked = new Set(["README.md"]);
    // What is added while it is gone through is gone through as well.
    for (const name of linked) for (const document of findLinked(name)) linked.add(document);
    expect(DOCUMENTS.filter((name) => !linked.has(name) && !name.startsWith(".github/"))).toEqual([]);
  });
});
