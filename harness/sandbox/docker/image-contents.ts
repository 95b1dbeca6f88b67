import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative, resolve } from "node:path";
import { LandfallError } from "../../errors.ts";

/** The images landfall builds, each by `images/NAME/Dockerfile`. */
export type ImageName = "pod" | "envoy" | "istio-iptables";

/** `harness/` as it runs: sources in a checkout, JavaScript in a published package. */
const HARNESS = resolve(import.meta.dirname, "../..");
/** What the names of landfall's modules end with: `.ts` in a checkout, `.js` in a published package. */
export const ENDING = extname(import.meta.filename);
const ROOT = ENDING === ".ts" ? dirname(HARNESS) : dirname(dirname(HARNESS));

/** What of `harness/` each image holds; the agent's own folder needs nothing else at run time. */
const CODE: Readonly<Record<ImageName, readonly string[]>> = {
  pod: ["agent"],
  envoy: [],
  "istio-iptables": [
    ...["cli", "apply", "formats", "load", "meshes", "model"],
    ...["report/json", "report/wrap-line", "sandbox/working-directory", "errors"].map((module) => `${module}${ENDING}`),
  ],
};
/** Packages each image holds. */
const PACKAGES: Readonly<Record<ImageName, readonly string[]>> = {
  pod: ["koffi", `@koromix/koffi-linux-${process.arch}`],
  envoy: [],
  // Kuma's settings are YAML; a dry run compares rules; an error names what may have been meant.
  "istio-iptables": ["diff", "fastest-levenshtein", "yaml"],
};

/** What an image is made of beside what landfall brings itself. */
export interface ImageExtras {
  /** Reference of the image it begins with, where its Dockerfile leaves that open. */
  readonly base?: string;
  /** Path of Envoy's program. */
  readonly envoyProgram?: string;
}

/** One file of a build context: its path there, and where it lies here. */
export interface ContextFile {
  readonly name: string;
  readonly path: string;
}

/**
 * Gives an image's reference, `landfall/pod:3f0c…`. The tag is a hash of everything that goes into it: Dockerfile, code, package versions,
 * Node. So an image whose reference the engine knows is up to date, and an unchanged one costs one question.
 */
export function imageReference(name: ImageName, extras: ImageExtras = {}): string {
  const hash = createHash("sha256").update(`node ${process.version} ${process.arch} ${extras.base ?? ""}\n`);
  for (const id of PACKAGES[name]) hash.update(`${id} ${JSON.parse(readFileSync(packageFile(id), "utf8")).version}\n`);
  for (const file of ownFiles(name, extras)) hash.update(`${file.name}\n`).update(readFileSync(file.path)).update("\0");
  return `landfall/${name}:${hash.digest("hex").slice(0, 16)}`;
}

/** Gives every file of an image's build context: what landfall brings itself, packages, and Node. */
export function listContextFiles(name: ImageName, extras: ImageExtras): readonly ContextFile[] {
  const packages = PACKAGES[name].flatMap((id) => filesUnder(dirname(packageFile(id)), `node_modules/${id}`));
  const node = CODE[name].length > 0 ? [{ name: "node_modules/node/bin/node", path: process.execPath }] : [];
  return [...ownFiles(name, extras), ...packages, ...node];
}

/** The files that landfall itself brings: the image's folder, package.json (it says that the code is made of modules), the code, Envoy. */
function ownFiles(name: ImageName, { envoyProgram }: ImageExtras): readonly ContextFile[] {
  return [
    ...filesUnder(join(ROOT, "images", name), `images/${name}`),
    { name: "package.json", path: join(ROOT, "package.json") },
    ...CODE[name].flatMap((part) => filesUnder(join(HARNESS, part), `harness/${part}`)),
    ...(envoyProgram === undefined ? [] : [{ name: "envoy", path: envoyProgram }]),
  ];
}

function filesUnder(path: string, name: string): readonly ContextFile[] {
  if (!statSync(path).isDirectory()) return [{ name, path }];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ name: `${name}/${relative(path, file)}`, path: file }));
}

/** Gives the package.json of a package as Node's own search finds its folder; its `exports` need not name the file. */
function packageFile(id: string): string {
  const folders = createRequire(import.meta.url).resolve.paths(id) ?? [];
  const file = folders.map((folder) => join(folder, id, "package.json")).find((path) => existsSync(path));
  if (file !== undefined) return file;
  throw new LandfallError(
    "environment",
    `the package ${id} is not installed here, and the image needs it. Run npm ci.`,
  );
}
