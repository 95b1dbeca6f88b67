import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-closed-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, ...lines: readonly string[]): string {
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
  return name;
}

const run = (...words: readonly string[]) => runCommandIn({ workingDirectory: folder }, ...words);
const filter = (name: string, ...rules: readonly string[]) =>
  write(name, "*filter", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ...rules, "COMMIT");
const none = filter("none.txt");

/** Ports at which no app usually listens: whoever dials one is refused, with rules that turn it away and without. */
describe("rules about a port at which the app of a real pod may listen", () => {
  test.each([
    ["REJECT", "-A INPUT -p tcp -m tcp --dport 9999 -j REJECT", "rejected"],
    ["a reset", "-A INPUT -p tcp -m tcp --dport 9999 -j REJECT --reject-with tcp-reset", "rejected"],
    ["REJECT on the way out", "-A OUTPUT -p tcp -m tcp --dport 9999 -j REJECT", "rejected"],
  ])("%s is a difference for diff, and prove does not call the port untouched", async (name, rule, kind) => {
    const file = filter(`${name}.txt`.replaceAll(" ", "-"), rule);
    const { code, out } = await run("diff", none, file);
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(`port 9999 +as dialled +${kind}$`, "m"));
    const contract = write(
      "open.yaml",
      ...["version: 1", "clauses:", "  - name: open", "    says: Nothing is turned away."],
      ...['    flows: ["client -> pod:9999", "uid=1000 -> pod:9999"]', "    must: as-dialled"],
    );
    const proof = await run("prove", "--contract", contract, "--rules", file);
    expect(proof.out).toMatch(/^open does not hold/m);
    expect((await run("prove", "--contract", contract, "--rules", none)).out).toMatch(/^open holds/m);
  });
  test("a redirection to a closed port is a difference, too", async () => {
    const file = write(
      "closed.txt",
      "*nat",
      ":PREROUTING ACCEPT [0:0]",
      "-A PREROUTING -p tcp -m tcp --dport 9999 -j REDIRECT --to-ports 7",
      "COMMIT",
    );
    const contract = write(
      "left.yaml",
      ...["version: 1", "clauses:", "  - name: left", "    says: Left alone."],
      ...["    flows: client -> pod:9999", "    must: as-dialled"],
    );
    expect((await run("prove", "--contract", contract, "--rules", file)).out).toMatch(/^left does not hold/m);
    expect((await run("diff", write("nat.txt", "*nat", ":PREROUTING ACCEPT [0:0]", "COMMIT"), file)).code).toBe(1);
  });
});
