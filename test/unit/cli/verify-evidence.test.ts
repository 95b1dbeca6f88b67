import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-evidence-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const SEED = [
  "-p",
  "15001",
  "-z",
  "15006",
  "-u",
  "1337",
  "-m",
  "REDIRECT",
  "-i",
  "*",
  "-x",
  "",
  "-b",
  "*",
  "-d",
  "15020",
];

/** Verifies the seed's rules, changed, on the kernel, and gives the exit code with the folder where evidence would be. */
async function verifyChanged(name: string, change: (rules: string) => string) {
  const { out } = await runCommand("generate", ...SEED, "--format", "save");
  const rules = join(folder, `${name}.txt`);
  writeFileSync(rules, change(out));
  const kept = join(folder, name);
  const { code, err } = await runCommand("verify", "--rules", rules, "--sandbox", "netns", "--evidence", kept);
  return { code, err, kept };
}

describe("verify --evidence", () => {
  test("keeps rules, connections, sockets, routing and the command that repeats the flow", async () => {
    const { code, kept } = await verifyChanged("broken", (rules) => rules.replace(/.*gid-owner.*\n/, ""));
    expect(code).toBe(1);
    const read = (name: string) => readFileSync(join(kept, "seed-rules", name), "utf8");
    expect(readdirSync(join(kept, "seed-rules")).sort()).toEqual([
      "connections.txt",
      "repeat.sh",
      "report.json",
      "routing.txt",
      "rules.txt",
      "rules6.txt",
      "sockets.txt",
    ]);
    expect(read("rules.txt")).toMatch(/^\[\d+:\d+\] -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN$/m);
    expect(read("sockets.txt")).toMatch(/LISTEN.*:15001/);
    expect(read("connections.txt")).toMatch(/dport=80 .*sport=15001/);
    expect(read("routing.txt")).toContain("default via");
    expect(read("repeat.sh")).toContain(
      "landfall explain 'uid=1000,gid=1337 -> upstream:80' --observe --rules rules.txt",
    );
    expect(JSON.parse(read("report.json")).name).toBe("seed-rules");
  });

  test("keeps nothing where every flow landed as expected", async () => {
    const { code, kept } = await verifyChanged("whole", (rules) => rules);
    expect(code).toBe(0);
    expect(readdirSync(folder)).not.toContain(kept.split("/").at(-1));
  });
});
