import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import { runCommand } from "./run-command.ts";

/** The flow that lands elsewhere without the rule for the proxy's group. */
const FAILED = "uid=1000,gid=1337 -> upstream:80";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-evidence-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Verifies the seed's rules, changed, on the kernel, and gives the exit code with the folder where evidence would be. */
async function verifyChanged(name: string, change: (rules: string) => string) {
  const { out } = await runCommand("generate", ...SEED_WORDS, "--format", "save");
  const rules = join(folder, `${name}.txt`);
  writeFileSync(rules, change(out));
  const kept = join(folder, name);
  const { code, err } = await runCommand("verify", "--rules", rules, "--sandbox", "netns", "--evidence", kept);
  return { code, err, kept };
}

function repeat(evidence: string, ...words: readonly string[]) {
  return spawnSync("sh", [join(evidence, "repeat.sh"), ...words], { encoding: "utf8" });
}

describe("verify --evidence", () => {
  test("keeps rules, connections, sockets, routing and the command that repeats the flow", async () => {
    const { code, kept } = await verifyChanged("broken", (rules) => rules.replace(/.*gid-owner.*\n/, ""));
    expect(code).toBe(1);
    const read = (name: string) => readFileSync(join(kept, "rules", name), "utf8");
    expect(readdirSync(join(kept, "rules")).sort()).toEqual([
      "agents.txt",
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
      "landfall explain 'uid=1000,gid=1337 -> upstream:80' --observe --sandbox netns --rules rules.txt",
    );
    const said = read("agents.txt");
    const token = /"token":"([^"]+)"[^}]*"uid":1000,"gid":1337/.exec(said)?.[1] ?? "no token";
    expect(said).toMatch(new RegExp(`"event":"seen".*"token":"${token}".*"listener":"envoy-outbound"`));
    expect(JSON.parse(read("report.json")).name).toBe("rules");
  });

  test("repeats a named scenario's flow with its own rules and settings, to the same landing", async () => {
    const scenario = {
      name: "odd",
      claim: "A claim that does not hold.",
      capture: ["-p", "16001", "-u", "4000", "-b", "", "-i", "*"],
      listen: [7000],
      answer: { "client -> pod:7000": "app:7000", "app -> upstream:80": "upstream:80" },
      forward: { "app -> upstream:80": "loop" },
    };
    const file = join(folder, "odd.mjs");
    writeFileSync(file, `export default ${JSON.stringify(scenario)};\n`);
    const kept = join(folder, "named");
    await runCommand("verify", file, "--sandbox", "netns", "--evidence", kept);
    const lines = readFileSync(join(kept, "odd", "repeat.sh"), "utf8").split("\n");
    // What failed is seen at once: explanations come behind.
    expect(lines.filter((line) => line.startsWith("landfall "))).toEqual([
      `landfall verify ${file} --sandbox netns`,
      ...["", " --forward"].map(
        (manner) =>
          `landfall explain 'app -> upstream:80'${manner} --observe --sandbox netns --rules rules.txt --rules6 rules6.txt --listen 7000 -p 16001 -z 15006 -u 4000 -g 4000 -m REDIRECT -b '' -d '' -i '*' -x '' -o '' -k '' --mesh istio-1.4 --pod-ip 10.244.0.2`,
      ),
    ]);
    const all = repeat(join(kept, "odd"), "app -> upstream:80");
    expect([
      all.stderr,
      all.stdout.match(/^In the kernel: \S+/gm),
      all.stdout.match(/^ {2}✗ .*/gm),
      all.status,
    ]).toEqual([
      "",
      ["In the kernel: envoy-outbound:16001,", "In the kernel: upstream:80"],
      [
        "  ✗ app -> upstream:80  envoy-outbound:16001  dialled 10.244.0.4:80",
        "  ✗ app -> upstream:80  upstream:80 via envoy-outbound",
        "  ✗ 1 flow lands on envoy-outbound:16001 instead of upstream:80",
        "  ✗ 1 flow lands on envoy-outbound:16001 instead of looping",
      ],
      1,
    ]);
    expect(repeat(join(kept, "odd"), "client -> pod:7000").stdout).not.toContain("In the kernel:");
  });

  test("repeats with the landfall in the PATH if the one that ran is gone", async () => {
    const { kept } = await verifyChanged("moved", (rules) => rules.replace(/.*gid-owner.*\n/, ""));
    const script = join(kept, "rules", "repeat.sh");
    const [program = ""] = /^node=.*$/m.exec(readFileSync(script, "utf8")) ?? [];
    writeFileSync(script, readFileSync(script, "utf8").replace(program, "node=/nonexistent main=/nonexistent"));
    const bin = mkdtempSync(join(folder, "bin-"));
    writeFileSync(join(bin, "landfall"), `#!/bin/sh\n${program}\necho from the path; exec "$node" "$main" "$@"\n`, {
      mode: 0o755,
    });
    const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
    const { status, stdout } = spawnSync("sh", [script, FAILED], { encoding: "utf8", env });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^from the path\n(.*\n)+ +✗ uid=1000,gid=1337 -> upstream:80/);
  });

  test("repeats a flow with a file's rules as the kernel had them, to the same exit code", async () => {
    const { code, kept } = await verifyChanged("again", (rules) => rules.replace(/.*gid-owner.*\n/, ""));
    rmSync(join(folder, "again.txt"));
    const { status, stdout } = repeat(join(kept, "rules"), FAILED);
    expect([code, status]).toEqual([1, 1]);
    expect(stdout).toMatch(/✗ uid=1000,gid=1337 -> upstream:80 +envoy-outbound:15001/);
    expect(stdout).toMatch(/^ +missing +nat ISTIO_OUTPUT: .*--gid-owner 1337/m);
  });

  test("repeats an omission of a script that no flow reveals, to the same exit code", async () => {
    const words = ["-m", "TPROXY", "-b", "8080", "-i", ""];
    const { out } = await runCommand("generate", ...words, "--format", "commands");
    const script = join(folder, "unrouted.sh");
    writeFileSync(script, out.replace(/^ip rule .*\n/m, ""));
    const kept = join(folder, "unrouted");
    const run = ["verify", ...words, "--rules-script", script, "--sandbox", "netns", "--evidence", kept];
    const { code } = await runCommand(...run);
    const { status, stdout } = repeat(join(kept, "rules"));
    expect([code, status]).toEqual([1, 1]);
    expect(stdout).toContain("missing   ip rule add fwmark 0x539 lookup 133\n");
    expect(stdout).toMatch(/\d+ as expected, 1 omitted by the rules, in/);
  });

  test("keeps nothing if every flow landed as expected", async () => {
    const { code, kept } = await verifyChanged("whole", (rules) => rules);
    expect(code).toBe(0);
    expect(readdirSync(folder)).not.toContain(kept.split("/").at(-1));
  });
});
