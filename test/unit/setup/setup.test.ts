import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { asNobody } from "../../as-nobody.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const SETUP = "harness/setup/setup.mjs";

/** Runs the set-up by a command line, and gives its exit code and what it said. */
function run(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const [program = "", ...args] = command;
  const env = { PATH: process.env["PATH"], ...environment };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const HIDE_DOCKERD = 'if found=$(command -v dockerd); then mount --bind /dev/null "$(readlink -f "$found")"; fi';

/** Runs a shell line in a mount namespace of its own, where it may hide files from the set-up, and then the set-up. */
function runHiding(line: string, environment: Readonly<Record<string, string>>, option = "") {
  const words = ["unshare", "--mount", "sh", "-ec", `${line}; exec "$0" ${SETUP} ${option}`, process.execPath];
  return run(words, environment);
}

describe("the set-up", () => {
  test("prints nothing and does nothing on a machine that is set up", () => {
    expect(run([process.execPath, SETUP])).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(run([process.execPath, SETUP, "--tests"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });
  test("ends with 3 if DOCKER_HOST names no engine, and says what to do", () => {
    const { status, stdout, stderr } = run([process.execPath, SETUP], { DOCKER_HOST: "unix:///nowhere/docker.sock" });
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toMatch(/DOCKER_HOST is unix:\/\/\/nowhere\/docker.sock.*Start that engine, or unset DOCKER_HOST/);
  });
  test("ends with 3 if it may not install an engine, and prints the command that does", () => {
    const hide = `mount -t tmpfs landfall /run; ${HIDE_DOCKERD}`;
    const { status, stderr } = runHiding(hide, { LANDFALL_NO_INSTALL: "1" });
    expect({ status, stderr }).toEqual({
      status: 3,
      stderr:
        "landfall set-up: missing: dockerd, and LANDFALL_NO_INSTALL=1 forbids installing it. Run: sudo apt-get install docker.io\n",
    });
  });
  test("ends with 3 for an ordinary user if no engine answers, and names the way without containers", () => {
    const { status, stderr } = run(asNobody([process.execPath, SETUP]));
    expect(status).toBe(3);
    expect(stderr).toMatch(/sudo npm start/);
    expect(stderr).toMatch(/verify --sandbox netns/);
  });
  test("only mentions what the netns backend lacks if an engine answers, since containers do not need it", () => {
    const { status, stderr } = runHiding('mount --bind /dev/null "$(readlink -f "$(command -v newuidmap)")"', {
      LANDFALL_NO_INSTALL: "1",
    });
    expect(status).toBe(0);
    expect(stderr).toMatch(/the netns backend lacks newuidmap .*: sudo apt-get install uidmap\n$/);
  });
  test("ends with 3 before the tests if a program that only tests start is missing, and prints the command that installs it", () => {
    const hide = 'mount --bind /dev/null "$(readlink -f "$(command -v git)")"';
    const forbidden = { LANDFALL_NO_INSTALL: "1" };
    expect(runHiding(hide, forbidden)).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(runHiding(hide, forbidden, "--tests")).toEqual({
      status: 3,
      stdout: "",
      stderr:
        "landfall set-up: missing: git, and LANDFALL_NO_INSTALL=1 forbids installing it. Run: sudo apt-get install git\n",
    });
  });
  test("names a package that lacks many of its programs by the first of them", () => {
    const hide =
      'for each in nft legacy; do mount --bind /dev/null "$(readlink -f /usr/sbin/xtables-$each-multi)"; done';
    const { status, stderr } = runHiding(hide, { LANDFALL_NO_INSTALL: "1" });
    expect(status).toBe(0);
    expect(stderr).toMatch(/lacks iptables and 17 programs more .*: sudo apt-get install iptables\n$/);
  });
  test("needs nothing that is not part of Node", () => {
    const folder = join(ROOT, "harness/setup");
    const imports = readdirSync(folder).flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(/from "([^"]+)"/g)].map((found) => found[1] ?? ""),
    );
    expect(imports.filter((name) => !/^(node:|\.\/[\w-]+\.mjs$)/.test(name))).toEqual([]);
  });
});
