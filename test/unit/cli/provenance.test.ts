import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Report } from "../../../harness/model/report.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-provenance-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SCENARIO = {
  ...{ name: "own", claim: "A claim.", capture: ["-u", "1337", "-i", "*"], listen: [81] },
  answer: { "app -> upstream:80": "envoy-outbound:15001" },
};
const CONTRACT = `version: 1
proxies: [{ name: gate, owner: [{ mark: 0x1 }], dials: original }]
listeners: [{ name: gate-out, role: outbound, proxy: gate, protocols: [tcp], port: 1080, mode: redirect }]
clauses: [{ name: free, says: Free., flows: "mark=0x1 -> elsewhere:*", must: as-dialled }]
otherwise: unspecified
`;

const GENERATED = ["-A OUTPUT -p tcp -m owner ! --uid-owner 1337 -j REDIRECT --to-ports 15001"];
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
write("rules.txt", ["*nat", ":OUTPUT ACCEPT", ...GENERATED, "COMMIT", ""].join("\n"));
mkdirSync(join(folder, "flows"));
write("flows/own.mjs", `export default ${JSON.stringify(SCENARIO)};\n`);
write("flows/other.mjs", `export default ${JSON.stringify({ ...SCENARIO, name: "other", rules: { ip: "" } })};\n`);
write("contract.yaml", CONTRACT);

/** Runs a command in the folder that prints a report, and gives the report. */
async function report(...words: readonly string[]): Promise<Report> {
  const sandbox = words[0] === "verify" ? ["--sandbox", "simulated"] : [];
  const { out, err } = await runCommandIn({ workingDirectory: folder }, ...words, ...sandbox, "--json");
  if (out === "") throw new Error(err);
  return JSON.parse(out);
}

const hashOf = (name: string) =>
  createHash("sha256")
    .update(readFileSync(join(folder, name)))
    .digest("hex");

describe("a report says what it was made with", () => {
  test("the version, the command as typed, and each file with the hash of its bytes", async () => {
    const made = await report("verify", "-u", "1337", "-o", "80, 81", "--rules", "rules.txt");
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(made.landfall).toEqual({
      version,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      command: "landfall verify -u 1337 -o '80, 81' --rules rules.txt --sandbox simulated --json",
      files: [{ path: "rules.txt", sha256: hashOf("rules.txt") }],
    });
    expect(complainBySchema("report", made)).toEqual([]);
  });

  test("scenarios and contracts among the files", async () => {
    const { landfall } = await report("verify", "flows");
    const paths = ["flows/other.mjs", "flows/own.mjs"];
    expect(landfall?.files).toEqual(paths.map((path) => ({ path, sha256: hashOf(path) })));
    const contract = await report("verify", "--contract", "contract.yaml", "--rules", "rules.txt");
    expect(contract.landfall?.files.map(({ path }) => path)).toEqual(["contract.yaml", "rules.txt"]);
  });

  test("each part of a merged report", async () => {
    const parts = [await report("verify", "flows/own.mjs"), await report("verify", "flows/other.mjs")];
    for (const [i, part] of parts.entries()) write(`${i}.json`, JSON.stringify(part));
    const merged = await report("merge", "0.json", "1.json");
    expect(merged.landfall?.command).toBe("landfall merge 0.json 1.json --json");
    expect(merged.landfall?.files).toEqual(["0.json", "1.json"].map((path) => ({ path, sha256: hashOf(path) })));
    expect(merged.landfall?.merged).toEqual(parts.map((part) => part.landfall));
    expect(complainBySchema("report", merged)).toEqual([]);
  });
});

describe("a report has the commands that ask about one flow again", () => {
  const commandsOf = async (...words: readonly string[]) => (await report(...words)).scenarios[0]?.commands;

  test.each<[typed: string, explain: string, verify: string]>([
    [
      "-u 1337 --rules rules.txt --report r.md --max-flows 5000 --quiet",
      "-u 1337 --rules rules.txt",
      "-u 1337 --rules rules.txt --sandbox simulated",
    ],
    ["--dialect linkerd --family 4", "--mesh linkerd", "--mesh linkerd --family 4 --sandbox simulated"],
    [
      "--contract=contract.yaml --rules rules.txt --envoy stub",
      "--contract=contract.yaml --rules rules.txt",
      "--contract=contract.yaml --rules rules.txt --envoy stub --sandbox simulated",
    ],
  ])("what was typed, without what is of the whole run: %s", async (typed, explain, verify) => {
    expect(await commandsOf("verify", ...typed.split(" "))).toEqual({
      explain: `landfall explain ${explain}`,
      verify: `landfall verify ${verify}`,
    });
  });

  test("a named scenario's settings and ports, and its file", async () => {
    const { explain, verify } = (await commandsOf("verify", "flows/own.mjs")) ?? {};
    expect(verify).toBe("landfall verify flows/own.mjs --sandbox simulated");
    expect(explain).toMatch(/^landfall explain .*-u 1337 .*--mesh istio-1.4 --pod-ip 10.244.0.2 --listen 81$/);
    expect((await commandsOf("verify", "seed"))?.verify).toBe("landfall verify seed --sandbox simulated");
  });

  test("no command that would explain other rules than those of the run", async () => {
    expect((await commandsOf("verify", "flows/other.mjs"))?.explain).toBeNull();
    const resolvers = JSON.stringify({ ...SCENARIO, name: "dns", mesh: "istio", resolvers: ["127.0.0.53"] });
    write("dns.mjs", `export default ${resolvers.replace('"-i","*"', '"-i","*","--redirect-dns"')};\n`);
    expect((await commandsOf("verify", "dns.mjs"))?.explain).toBeNull();
  });

  test("the port, for a flow that lands on another port of the app", async () => {
    write("port.txt", readFileSync(join(folder, "rules.txt"), "utf8").replace("15001", "99"));
    const { explain } = (await commandsOf("verify", "-u", "1337", "-i", "*", "--rules", "port.txt")) ?? {};
    expect(explain).toBe("landfall explain -u 1337 -i '*' --listen 99 --rules port.txt");
  });
});
