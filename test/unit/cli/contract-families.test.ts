import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-families-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const contract = save(
  "both.yaml",
  `version: 1
clauses:
  - name: calls
    says: Calls to the pod itself are left alone.
    flows: ["uid=1000 -> 127.0.0.1:80", "uid=1000 -> pod6:80"]
    must: as-dialled
`,
);
const rules = save("v4.rules", "*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
const rules6 = save("v6.rules", "*filter\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");

describe("a clause of both families", () => {
  test("is not known to hold where IPv4's rules alone are given", async () => {
    const { code, out } = await runCommand("prove", "--contract", contract, "--rules", rules);
    expect(out).toContain("calls is not known to hold");
    expect(out.replaceAll(/\s+/g, " ")).toContain("concerns uid=1000 -> pod6:80");
    expect(code).toBe(3);
  });
  test("is no green of verify, then", async () => {
    const { code, out } = await runCommand(
      "verify",
      "--contract",
      contract,
      "--rules",
      rules,
      "--sandbox",
      "simulated",
    );
    expect(out).toContain("IPv6 was not checked");
    expect(code).toBe(3);
  });
  test("holds where the rules of both are given", async () => {
    const both = ["--contract", contract, "--rules", rules, "--rules6", rules6] as const;
    expect((await runCommand("prove", ...both)).code).toBe(0);
    expect((await runCommand("verify", ...both, "--sandbox", "simulated")).code).toBe(0);
  });
});
