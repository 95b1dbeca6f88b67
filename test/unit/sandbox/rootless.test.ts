import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, "../../..");
const PROGRAM = "test/unit/sandbox/rootless-run.ts";
const CHECKOUT = ["harness", "test", "node_modules"];
/** A user without rights; whether it may map further ids is up to the file laid over /etc/subuid. */
const USER = 54_321;

describe("an ordinary user", () => {
  const folder = mkdtempSync(join(tmpdir(), "landfall-rootless-"));
  beforeAll(() => {
    const passwd = `${readFileSync("/etc/passwd", "utf8")}landfall:x:${USER}:${USER}::/nonexistent:/bin/sh\n`;
    // The checkout may lie where only its owner can go; the user sees it here.
    chmodSync(folder, 0o755);
    for (const part of CHECKOUT) mkdirSync(join(folder, "checkout", part), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(folder, "checkout/package.json"));
    const files = { passwd, ids: `${USER}:600000:65536\n`, none: "" };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the program as the user, in a mount namespace where it is known and /etc/subuid and /etc/subgid are this file. */
  async function check(ids: string, expected: object): Promise<void> {
    const lay = [
      `mount --bind ${folder}/passwd /etc/passwd`,
      `mount --bind ${folder}/${ids} /etc/subuid`,
      `mount --bind ${folder}/${ids} /etc/subgid`,
      ...CHECKOUT.map((part) => `mount --bind ${ROOT}/${part} ${folder}/checkout/${part}`),
      `cd ${folder}/checkout`,
    ].join(" && ");
    const drop = `setpriv --reuid ${USER} --regid ${USER} --clear-groups`;
    const script = `${lay} && exec ${drop} "$0" "$1"`;
    const { stdout } = await run("unshare", [
      "--mount",
      "sh",
      "-c",
      script,
      process.execPath.replace(ROOT, join(folder, "checkout")),
      PROGRAM,
    ]);
    expect(JSON.parse(stdout)).toEqual({ uid: USER, ...expected });
  }

  test("with subordinate ids gets a pod whose rules distinguish owners", async () => {
    const blind = expect.stringMatching(/cannot open sockets as uid 70000, gid 70000: .*\/etc\/subuid/);
    const landings = ["envoy-outbound", "upstream", "envoy-outbound", "app", blind];
    await check("ids", { works: true, why: null, landings });
  });

  test("without subordinate ids gets an error that names the file", async () => {
    const why = expect.stringMatching(/^Your user may not map further uids and gids \(.*\/etc\/subuid/);
    await check("none", { works: false, why, landings: [] });
  });
});
