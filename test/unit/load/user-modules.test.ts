import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadUserModules } from "../../../harness/load/user-modules.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-user-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Loads one hostile file between two good ones; gives what came of each. */
async function loadAmongGood(name: string, text: string) {
  const files = [
    write("first.mjs", "export default { a: 1 };"),
    write(name, text),
    write("last.mjs", "export default [2];"),
  ];
  const { results, output } = await loadUserModules(files, 600);
  return {
    output,
    results: results.map((each) => (each.ok ? each.value : each.findings.map(({ message }) => message))),
  };
}

test("a process that cannot start is a failure of the environment, not of a file", async () => {
  vi.stubEnv("NODE_OPTIONS", "--require=/nowhere/missing.cjs");
  await expect(loadUserModules([write("good.mjs", "export default 1;")])).rejects.toMatchObject({
    code: "environment",
    message: expect.stringMatching(/was over at once, with code 1\. Check .*It said: .*missing\.cjs/s),
  });
  vi.unstubAllEnvs();
});

const HOSTILE: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ["ends the process", "process.exit(0)", /ended the process that loads it, with code 0/],
  ["ends it with an error code", "process.exit(7)", /with code 7/],
  ["kills it", "process.kill(process.pid, 'SIGKILL')", /by SIGKILL/],
  ["kills landfall", "process.kill(process.ppid);", /it calls process\.kill/],
  ["kills its group", "process.kill(0);", /it calls process\.kill/],
  ["aborts", "process.abort();", /it calls process\.abort/],
  ["leaves a rejection behind at its end", "Promise.reject(new Error('unheard'));", /cannot be loaded: unheard\./],
  ["throws later", "setTimeout(() => { throw new Error('late'); }); await new Promise(() => {});", /loaded: late\./],
  ["exports more text than any scenario has", "export default 'x'.repeat(1e8);", /more than 16777216 characters/],
  [
    "exports what nests without end",
    "let a = []; for (let i = 0; i < 100; i++) a = [a]; export default a;",
    /64 levels/,
  ],
  ["never ends", "setInterval(() => {}, 5); await new Promise(() => {});", /did not finish loading within 0\.6 s/],
  ["waits for what never comes", "await new Promise(() => {});", /did not finish loading/],
  ["goes round for ever", "while (true) {}", /did not finish loading/],
  ["throws", "throw new Error('no');", /cannot be loaded: no\./],
  ["throws what is not an error", "throw 'text';", /cannot be loaded: text\./],
  [
    "leaves a rejection behind",
    "Promise.reject(new Error('later')); await new Promise((r) => setTimeout(r, 300));",
    /cannot be loaded: later\./,
  ],
  [
    "exports a getter that throws",
    "export default { get name() { throw new Error('ha'); } };",
    /other than plain data: reading name threw: ha/,
  ],
  [
    "exports a proxy that throws",
    "export default new Proxy({}, { ownKeys() { throw new Error('px'); } });",
    /other than plain data: px/,
  ],
  [
    "exports what contains itself",
    "const a = {}; a.b = a; export default a;",
    /other than plain data: b contains itself/,
  ],
  [
    "exports a list without end",
    "export default { length: 1, list: new Proxy([], { get: (t, k) => k === 'length' ? 4e9 : k === 'constructor' ? Array : [1] }) };",
    /other than plain data: more than 100000 values/,
  ],
  ["hides the channel and waits", "process.disconnect?.(); await new Promise(() => {});", /cannot be loaded/],
];

describe("a user's file cannot end, hang or fake other files that are loaded, even one that", () => {
  test.each(HOSTILE)("%s", async (_, text, message) => {
    const { results } = await loadAmongGood("hostile.mjs", text);
    expect(results).toEqual([{ a: 1 }, [expect.stringMatching(message)], [2]]);
  });

  test("sends messages of its own, because they lack landfall's secret", async () => {
    const forged = `process.send?.({ index: 2, step: "loaded", result: { ok: true, value: "forged" } });
      process.emit("message", { token: "x", files: [] }); export default 1;`;
    expect((await loadAmongGood("forger.mjs", forged)).results).toEqual([{ a: 1 }, 1, [2]]);
  });

  test("ends the process after it has been loaded", async () => {
    const late = "setTimeout(() => process.exit(0), 20); export default 1;";
    const slow = write("slow.mjs", "await new Promise((r) => setTimeout(r, 400)); export default 3;");
    const { results } = await loadUserModules([write("late.mjs", late), slow], 3_000);
    expect(results.map((each) => each.ok && each.value)).toEqual([1, 3]);
  });
});

test("output of a file is kept apart from its data, and shortened if it is long", async () => {
  const { output, results } = await loadAmongGood(
    "loud.mjs",
    "console.log('on stdout'); console.error('x'.repeat(1e6)); export default 1;",
  );
  expect(results[1]).toBe(1);
  expect(output).toContain("on stdout");
  expect(output.length).toBeLessThanOrEqual(16_384);
});

test("functions and symbols give findings about fields of the wrong type", async () => {
  const { results } = await loadAmongGood(
    "kinds.mjs",
    "export default { f: () => 1, s: Symbol('a'), n: 5n, u: undefined };",
  );
  expect(results[1]).toEqual({ f: {}, s: {}, n: 5, u: undefined });
});

test("a file that uses up the memory is stopped, with a finding", async () => {
  const file = write("greedy.mjs", "const a = []; while (true) a.push(new Array(1e6).fill(0));");
  const { results } = await loadUserModules([file], 60_000);
  expect(results).toEqual([
    { ok: false, findings: [expect.objectContaining({ message: expect.stringContaining("512 MiB") })] },
  ]);
});

test("a file that never finishes is waited for only once", async () => {
  const file = write("endless.mjs", "await new Promise(() => {});");
  const begun = performance.now();
  await loadUserModules([file], 2_000);
  expect(performance.now() - begun).toBeLessThan(3_900);
});

test("a pipe is refused at once", async () => {
  const file = join(folder, "pipe.mjs");
  execFileSync("mkfifo", [file]);
  const { results } = await loadUserModules([file]);
  expect(results).toEqual([
    { ok: false, findings: [expect.objectContaining({ message: expect.stringContaining("regular file") })] },
  ]);
});

test("a missing file is refused, and the others are loaded", async () => {
  const { results } = await loadUserModules([join(folder, "absent.mjs"), write("there.mjs", "export default 1;")]);
  expect(results.map((each) => (each.ok ? each.value : "refused"))).toEqual(["refused", 1]);
});
