import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { givenPath } from "../../given-programs.ts";
import { runCommand } from "./run-command.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("landfall doctor", () => {
  test("ends with 0 if a backend with a kernel works, and reports it as JSON", async () => {
    const { code, out, err } = await runCommand("doctor", "--json");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const works = (backend: string) => ({ backend, works: true, why: null, remedy: null });
    const backends = ["docker", "netns", "simulated"].map(works);
    const tools = [{ tool: "nft", works: true, why: null, remedy: null }];
    expect(JSON.parse(out)).toEqual({ formatVersion: "1.0", backends, tools });
  });
  test("says that nft is not installed, and with what to install it", async () => {
    vi.stubEnv("PATH", givenPath(undefined, ["nft"]));
    const { out } = await runCommand("doctor");
    expect(out).toMatch(
      /^netns {6}works\nsimulated {2}works\nnft {8}does not work\n {2}nft is not installed\.\n {2}Install it: .* nftables\.\n$/m,
    );
  });
  test("says in words what does not work and what to do", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    const { out } = await runCommand("doctor");
    expect(out).toMatch(
      /^docker {5}does not work\n {2}No container engine .*\n {2}Start that engine, .*\nnetns {6}works\n/,
    );
  });
  test("names what this process lacks, in the words of a sandbox", () => {
    const main = join(import.meta.dirname, "../../../harness/cli/main.ts");
    const line = 'ulimit -n 64; exec "$@"';
    const { status, stdout } = spawnSync("sh", ["-c", line, "sh", process.execPath, main, "doctor"], {
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({
      status: 3,
      stdout: expect.stringMatching(
        /^docker {5}does not work\n {2}This process may open only 64 files; .*\n.*\nnetns {6}does not/,
      ),
    });
  });
  test("refuses unknown arguments", async () => {
    const { code, err } = await runCommand("doctor", "--fix", "x", "y");
    expect(code).toBe(2);
    expect(err.match(/^ {2}\S+:/gm)).toEqual(["  --fix:", "  x:", "  y:"]);
  });
});
