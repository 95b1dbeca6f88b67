import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../unit/cli/run-command.ts";
import { runAction } from "./action-run.ts";
import { CommentsServer } from "./comments-server.ts";

let home: string;
let checkout: string;
let server: CommentsServer;
let api: string;
const { out: SEED } = await runCommand(
  "generate",
  "-u",
  "1337",
  "-b",
  "*",
  "-i",
  "*",
  "-d",
  "15020",
  "--format",
  "save",
);
const LOOP = SEED.replace(/^.*--uid-owner 1337 -j RETURN\n/m, "");

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "landfall-action-"));
  server = new CommentsServer();
  api = await server.listen();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

let count = 0;
beforeEach(() => {
  checkout = join(home, `repository-${++count}`);
  mkdirSync(checkout);
  git("init", "--quiet", "--initial-branch=main");
  git("config", "user.email", "somebody@example.com");
  git("config", "user.name", "Somebody");
  commit({ "pod/rules.v4": SEED, README: "rules of a pod\n" });
});

function git(...words: readonly string[]): string {
  return execFileSync("git", words, { cwd: checkout, encoding: "utf8" }).trim();
}

/** Writes files, or takes them away, and commits them; gives the commit. */
function commit(files: Readonly<Record<string, string | null>>): string {
  for (const [name, text] of Object.entries(files)) {
    if (text === null) rmSync(join(checkout, name));
    else {
      mkdirSync(dirname(join(checkout, name)), { recursive: true });
      writeFileSync(join(checkout, name), text);
    }
  }
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message=change");
  return git("rev-parse", "HEAD");
}

/** Makes a pull request of one commit, and checks out its merge as GitHub does; gives base and merge. */
function openPullRequest(files: Readonly<Record<string, string | null>>) {
  const base = git("rev-parse", "HEAD");
  git("checkout", "--quiet", "-b", "change");
  commit(files);
  git("checkout", "--quiet", "--detach", base);
  git("merge", "--quiet", "--no-ff", "--message=merge", "change");
  return { base, merge: git("rev-parse", "HEAD") };
}

/** Runs the action's steps over the pull request that is checked out. */
function judge({ base, merge }: { readonly base: string; readonly merge: string }, inputs: Record<string, string>) {
  return runAction(checkout, {
    inputs: { rules: "pod/rules.v4", ...inputs },
    event: { pull_request: { number: 7, base: { sha: base } } },
    variables: { GITHUB_SHA: merge, GITHUB_API_URL: api, GITHUB_REPOSITORY: "o/r" },
  });
}

describe("the action", () => {
  test("comments on flows that land differently, updates the comment, and deletes it when no flow differs", async () => {
    const change = openPullRequest({ "pod/rules.v4": LOOP });
    const broken = await judge(change, {});
    expect(broken).toMatchObject({ status: 1, outputs: { equal: "false", "exit-code": "1" } });
    const [comment] = server.comments;
    expect(comment?.body).toContain("### ❌ landfall: one class of TCP flows lands differently\n");
    expect(comment?.body).toMatch(/^- nat ISTIO_OUTPUT 3 \(base\/pod\/rules\.v4:\d+\): .*--uid-owner 1337 -j RETURN$/m);
    expect(comment?.body).toContain("uid=1337,gid=1000 -> upstream:8080");
    expect(broken.summary).toContain("one class of TCP flows lands differently");
    expect(broken.said).toMatch(/^::stop-commands::(landfall-\d+)\n### [\s\S]*^::\1::$/m);
    // The text to be accepted stands in the comment: committed, it makes the same change one that is meant.
    const accepted = /^````json\n([\s\S]*?)\n````$/m.exec(comment?.body ?? "")?.[1] ?? "";
    git("checkout", "--quiet", "change");
    commit({ "landfall/accepted.json": accepted });
    git("checkout", "--quiet", "--detach", change.base);
    git("merge", "--quiet", "--no-ff", "--message=merge", "change");
    const again = { base: change.base, merge: git("rev-parse", "HEAD") };
    expect(await judge(again, {})).toMatchObject({ status: 0, outputs: { equal: "false", "exit-code": "0" } });
    expect(server.comments.map(({ body }) => body.includes("**Accepted:** one class of flows."))).toEqual([true]);
    expect(await judge(again, { "fail-on": "difference", comment: "false" })).toMatchObject({ status: 1 });
    // The next pull request has the same file, which accepts nothing there: neither a change, nor is it out of date.
    git("checkout", "--quiet", "-B", "main");
    git("branch", "--quiet", "--delete", "--force", "change");
    const next = openPullRequest({ README: "other words\n" });
    expect(await judge(next, {})).toMatchObject({ status: 0, outputs: { equal: "true" } });
    expect(server.comments).toEqual([]);
    // Nor does it let the same change through a second time.
    git("checkout", "--quiet", "-B", "main");
    git("branch", "--quiet", "--delete", "--force", "change");
    commit({ "pod/rules.v4": SEED });
    expect(await judge(openPullRequest({ "pod/rules.v4": LOOP }), { comment: "false" })).toMatchObject({ status: 1 });
    expect(server.asked.map((line) => line.split(" ")[0]).filter((method) => method !== "GET")).toEqual([
      ...["POST", "PATCH", "DELETE"],
    ]);
  });

  test("says nothing on a pull request whose rules change and land every flow as before, however strict it is", async () => {
    const asked = server.asked.length;
    const same = SEED.replace(/^(-A ISTIO_INBOUND .*--dport 22 .*\n)(-A ISTIO_INBOUND .*--dport 15020 .*\n)/m, "$2$1");
    expect(same).not.toBe(SEED);
    const change = openPullRequest({ "pod/rules.v4": same });
    for (const failOn of ["unaccepted", "difference"]) {
      const run = await judge(change, { "fail-on": failOn });
      expect(run).toMatchObject({ status: 0, outputs: { equal: "true", "exit-code": "0" } });
      expect(run.said).not.toMatch(/^::(error|warning)/m);
    }
    expect(server.asked.slice(asked).map((line) => line.split(" ")[0])).toEqual(["GET", "GET"]);
    expect(server.comments).toEqual([]);
  });

  test("asks a command for the rules at base and head, and stops where it fails", async () => {
    const change = openPullRequest({ "pod/rules.v4": SEED.replaceAll("15006", "15007") });
    const words = { rules: "", command: "cat pod/rules.v4", comment: "false" };
    expect(await judge(change, words)).toMatchObject({ status: 1, outputs: { equal: "false" } });
    const failed = await judge(change, { ...words, command: "cat pod/rules.v4 | grep nothing-of-the-kind" });
    expect(failed).toMatchObject({ status: 2, said: expect.stringContaining("::error title=landfall::At head") });
    expect(failed.outputs).toEqual({});
  });

  test("proves a contract even if no rule changed, in the pod of the mesh and options it is given", async () => {
    const contract = [
      "version: 1",
      "proxies: [{ name: gate, owner: [{ uid: 1337 }], dials: original }]",
      "listeners: [{ name: out, role: outbound, proxy: gate, port: 15001, mode: redirect }]",
      'clauses: [{ name: own-traffic, says: It is its own., flows: "uid=1337 -> elsewhere:*", must: as-dialled }]',
    ].join("\n");
    commit({ "pod/rules.v4": LOOP, "contract.yaml": contract });
    const change = openPullRequest({ README: "other words\n" });
    server.mayWrite = false;
    const run = await judge(change, { contract: "contract.yaml", mesh: "istio-1.4 -u 1337 -x ''" });
    server.mayWrite = true;
    expect(run).toMatchObject({ status: 1, outputs: { equal: "true", "exit-code": "1" } });
    expect(run.summary).toContain("### ❌ The rules break the contract contract.yaml.");
    // As a person runs it in a checkout of the pull request.
    expect(run.summary).toMatch(/landfall explain .*--rules pod\/rules\.v4 --contract contract\.yaml/);
    expect(run.summary).toContain("own-traffic does not hold");
    expect(run.said).toMatch(/^::warning title=landfall::The comment could not be written \(POST .*: 403 Forbidden\)/m);
  });

  test("treats a new file as having had no rules before, and refuses a file that exists on neither side", async () => {
    const change = openPullRequest({ "new.v4": SEED });
    const run = await judge(change, { rules: "new.v4", comment: "false" });
    expect(run).toMatchObject({ status: 1, summary: expect.stringContaining("compared with no rules: new.v4") });
    expect(await judge(change, { rules: "old.v4" })).toMatchObject({
      status: 2,
      said: expect.stringContaining("old.v4"),
    });
  });

  test("does not follow symbolic links of the pull request, and reads files with blanks in their names", async () => {
    commit({ "pod/my rules": SEED });
    const change = openPullRequest({ "pod/my rules": LOOP });
    const blanks = await judge(change, { rules: " pod/my rules , pod/rules.v4", comment: "false" });
    expect(blanks).toMatchObject({
      status: 2,
      summary: expect.stringContaining("head/pod/rules.v4: An earlier file already contains"),
    });
    expect(await judge(change, { rules: " pod/my rules ", comment: "false" })).toMatchObject({ status: 1 });
    git("checkout", "--quiet", "main");
    rmSync(join(checkout, "pod"), { recursive: true });
    symlinkSync("/etc", join(checkout, "pod"));
    git("add", "--all");
    git("commit", "--quiet", "--message=link");
    const linked = await runAction(checkout, { inputs: { rules: "pod/hostname" }, event: { before: change.base } });
    expect(linked).toMatchObject({ status: 2, said: expect.stringContaining("is a symbolic link"), outputs: {} });
  });

  test("never reports rules that it cannot judge as unchanged", async () => {
    const unheard = SEED.replace(/^(-A OUTPUT )/m, "$1-p tcp -j UNHEARD --of x\n$1");
    const change = openPullRequest({ "pod/rules.v4": unheard });
    expect(await judge(change, { comment: "false" })).toMatchObject({ status: 3, outputs: { equal: "unknown" } });
    const malformed = openPullRequestAgain({ "pod/rules.v4": "-A OUTPUT --no-such-option\n" });
    const run = await judge(malformed, { comment: "false" });
    expect(run).toMatchObject({ status: 2, outputs: { equal: "unknown" } });
    expect(run.summary).toContain("### ❓ landfall: the rules cannot be compared");
  });

  test("compares a pull request that is checked out by itself with the commit at which it left its base", async () => {
    const { base } = openPullRequest({ "pod/rules.v4": LOOP });
    git("checkout", "--quiet", "--detach", base);
    const moved = commit({ "pod/rules.v4": SEED.replaceAll("15006", "15007") });
    git("checkout", "--quiet", "change");
    const run = await judge({ base: moved, merge: moved }, { comment: "false" });
    expect(run.summary).toContain("one class of TCP flows lands differently");
  });

  test.each([
    ["base and head are one commit", {}, { pull_request: { number: 7, base: { sha: "HEAD" } } }, "the same commit"],
    ["the base is not there", { base: "0123456789" }, {}, "The commit 0123456789 is not in this checkout"],
    ["the event has no base", {}, { before: "0".repeat(40) }, "no commit to compare with"],
    ["rules and a command are given", { command: "true" }, {}, "Give either the input rules or the input command."],
    ["nothing is given", { rules: "" }, {}, "Give the input rules or the input command."],
    ["it is to fail on something else", { "fail-on": "never" }, {}, 'not \\"never\\"'.replaceAll("\\", "")],
  ])("refuses where %s", async (_, inputs, event, why) => {
    const run = await runAction(checkout, {
      inputs: { rules: "pod/rules.v4", ...inputs },
      event,
      variables: { GITHUB_SHA: "" },
    });
    expect(run).toMatchObject({ status: 2, said: expect.stringContaining(why), outputs: {} });
  });

  test("compares a push with what the branch pointed to before", async () => {
    const before = git("rev-parse", "HEAD");
    commit({ README: "one\n" });
    commit({ "pod/rules.v4": LOOP });
    commit({ README: "two\n" });
    const run = await runAction(checkout, { inputs: { rules: "pod/rules.v4" }, event: { before }, variables: {} });
    expect(run).toMatchObject({ status: 1, outputs: { equal: "false" } });
    expect(git("worktree", "list").split("\n")).toHaveLength(1);
  });
});

/** Makes another pull request of the same base. */
function openPullRequestAgain(files: Readonly<Record<string, string | null>>) {
  git("checkout", "--quiet", "main");
  git("branch", "--quiet", "--delete", "--force", "change");
  return openPullRequest(files);
}
