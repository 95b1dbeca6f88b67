import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { lookAtOnce, lookNow, type Question } from "../../../harness/apply/look.ts";

afterEach(() => void vi.unstubAllEnvs());

const ask = (script: string, input?: string): Question => ({
  command: "/bin/sh",
  args: ["-c", script],
  ...(input === undefined ? {} : { input }),
});
const QUESTIONS: readonly Question[] = [
  ask("cat; echo told >&2", "one line\nand $HOME, `id` and 'quotes'\n"),
  ask('printf "%s" "it is $0"'),
  ask("echo before; echo why >&2; exit 3"),
  ask("kill -9 $$"),
  { command: "no-such-program", args: [] },
  ask("head -c 300000 /dev/zero | tr '\\0' x"),
  ask("cat"),
  ask("echo the eighth"),
];

describe("commands that are asked at once", () => {
  test("answer as each does alone, but for what a command that succeeds says on its stderr", () => {
    const look = lookAtOnce(QUESTIONS);
    const alone = QUESTIONS.map(lookNow);
    expect(alone.map(({ status }) => status)).toEqual([0, 0, 3, "killed", "not-there", 0, 0, 0]);
    expect(QUESTIONS.map(look)).toEqual(alone.map((one, i) => (i === 0 ? { ...one, stderr: "" } : one)));
  });

  test("run beside each other: each of two waits for what the other one does", () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-look-"));
    const meet = (own: string, other: string) =>
      ask(`: >${folder}/${own}; until test -e ${folder}/${other}; do sleep 0.01; done; echo ${own}`);
    try {
      const [one, other] = [meet("a", "b"), meet("b", "a")];
      const look = lookAtOnce([one, other]);
      expect([look(one).stdout, look(other).stdout]).toEqual(["a\n", "b\n"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("are asked alone where there is no shell in the PATH", () => {
    vi.stubEnv("PATH", "/nowhere");
    const question = ask("echo there");
    expect(lookAtOnce([question])(question)).toEqual({ status: 0, stdout: "there\n", stderr: "" });
  });
});
