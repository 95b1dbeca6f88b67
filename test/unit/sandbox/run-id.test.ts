import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { currentRunId, type RunState, stateOfRun } from "../../../harness/sandbox/run-id.ts";

function check(id: string, expected: RunState): void {
  expect(stateOfRun(id), id).toBe(expected);
}

/** Gives our own run id with some of its parts (boot, pid namespace, pid, start) replaced. */
function ownIdWith(parts: readonly (string | null)[]): string {
  return currentRunId()
    .split(".")
    .map((part, i) => parts[i] ?? part)
    .join(".");
}

describe("a run", () => {
  test("is alive while its process runs, and keeps one id", () => {
    expect(currentRunId()).toBe(currentRunId());
    check(currentRunId(), "alive");
  });
  test("is dead once its pid belongs to a process that started at another time", () => {
    check(ownIdWith([null, null, null, "1"]), "dead");
  });
  test("is dead if the machine has been booted since", () => {
    check(ownIdWith(["00000000"]), "dead");
  });
  test("of another pid namespace is never judged dead", () => {
    check(ownIdWith([null, "1"]), "unknown");
  });
  test.each(["", "42", "3f2a9c01.1.2", "x.1.2.3"])("with the invalid id %j belongs to no process", (id) =>
    check(id, "unknown"),
  );
  test("is dead as soon as its process has ended", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    const id = ownIdWith([null, null, String(child.pid), stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""]);
    check(id, "alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    check(id, "dead");
  });
});
