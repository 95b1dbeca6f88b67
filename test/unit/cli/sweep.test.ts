import { afterEach, describe, expect, test, vi } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker-engine.ts";
import { KEEP_LABEL, RUN_LABEL } from "../../../harness/sandbox/labels.ts";
import { currentRunId } from "../../../harness/sandbox/run-id.ts";
import { runCommand } from "./run-command.ts";

/** A run of this machine whose process has another start than the one that has its pid now. */
const DEAD = currentRunId().replace(/\d+$/, "1");

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Makes a network as a dead run would have left it for a person; no run takes it when it starts. */
async function leaveNetwork(name: string): Promise<string> {
  const { id } = await connectEngine().createNetwork({ Name: name, Labels: { [RUN_LABEL]: DEAD, [KEEP_LABEL]: "1" } });
  return id;
}

describe("landfall sweep", () => {
  test("removes what a dead run left, and tells of it as data", async () => {
    const name = `cli-sweep-${crypto.randomUUID()}`;
    const id = await leaveNetwork(name);
    const { code, out } = await runCommand("sweep", "--run", DEAD, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).removed).toContainEqual({ kind: "network", id, name, run: DEAD });
  });
  test("and in words", async () => {
    const name = `cli-sweep-${crypto.randomUUID()}`;
    await leaveNetwork(name);
    expect((await runCommand("sweep", "--run", DEAD)).out).toContain(`removed network ${name} (run ${DEAD})\n`);
  });
  test("refuses words it does not know, and removes nothing", async () => {
    const { code, err } = await runCommand("sweep", "zzz");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("  zzz: ") });
  });
  test("ends with 3 where no engine answers", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    const { code, out, err } = await runCommand("sweep");
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toMatch(/no container engine answers .*landfall doctor/);
  });
});
