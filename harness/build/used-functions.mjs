import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Finds which functions of a build its usual calls call: for each file, by its real path, where these functions end. Those of `inNamespace` run
 * one after another in a network namespace of their own, whose rules they may change.
 *
 * Calls that cannot run here, as where no namespace can be made, tell of no file; the others do.
 * @param {string} main
 * @param {{ plain: readonly (readonly string[])[], inNamespace: readonly (readonly string[])[] }} calls
 * @returns {ReadonlyMap<string, ReadonlySet<number>>}
 */
export function findUsedFunctions(main, { plain, inNamespace }) {
  /** @type {Map<string, Set<number>>} */
  const used = new Map();
  const calls = inNamespace.map((words) => [main, ...words]);
  const runs = [
    ...plain.map((words) => [process.execPath, main, ...words]),
    [...OWN_NAMESPACE, process.execPath, "-e", RUN_IN_TURN, JSON.stringify(calls)],
  ];
  for (const run of runs) {
    for (const { url, functions } of recordRun(run)) {
      if (!url.startsWith("file:")) continue;
      const file = fileURLToPath(url);
      const ends = used.get(file) ?? new Set();
      for (const { ranges } of functions) if (ranges[0] && ranges[0].count > 0) ends.add(ranges[0].endOffset);
      used.set(file, ends);
    }
  }
  return used;
}

/** An empty network namespace with a place of its own for locks; root there, whoever builds. */
const OWN_NAMESPACE = [
  ...["unshare", "--map-root-user", "--mount", "--net", "--propagation", "private", "sh", "-c"],
  ...['mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"', "sh"],
];

/** Fails with the first call that fails. */
const RUN_IN_TURN = `
for (const words of JSON.parse(process.argv[1]))
  process.getBuiltinModule("child_process").execFileSync(process.execPath, words, { stdio: "ignore" });
`;

/** What a command may take on a machine that is busy. */
const RUN_AT_MOST_MS = 60_000;

/**
 * Gives what V8 tells of each script that a process ran; nothing where it could not do its work.
 * @param {readonly string[]} run
 * @returns {readonly { url: string, functions: readonly { ranges: readonly { count: number, endOffset: number }[] }[] }[]}
 */
function recordRun([program = "", ...words]) {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "landfall-build-"));
  try {
    const env = { ...process.env, NODE_V8_COVERAGE: folder, NODE_DISABLE_COMPILE_CACHE: "1" };
    const { status } = spawnSync(program, words, { env, stdio: "ignore", timeout: RUN_AT_MOST_MS });
    // A diff that finds a difference ends with 1.
    if (status !== 0 && status !== 1) return [];
    return readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).result);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
