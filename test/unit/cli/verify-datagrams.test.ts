import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-verify-datagrams-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CONSUL = ["--mesh", "consul", "--family", "4"];

interface FlowData {
  readonly flow: string;
  readonly verdict: string;
}

async function verify(...words: readonly string[]) {
  const { code, out } = await runCommand("verify", ...CONSUL, "--sandbox", "simulated", "--json", ...words);
  const { scenarios } = JSON.parse(out);
  const [{ flows, classes }] = scenarios;
  const wrong = flows.filter(({ verdict }: FlowData) => verdict !== "pass").map(({ flow }: FlowData) => flow);
  return { code, protocols: classes.protocols, left: classes.left, flows, wrong };
}

describe("landfall verify, of a mesh whose contract is about UDP,", () => {
  test("drives a witness of every class of datagrams, and names the protocols", async () => {
    const { code, protocols, left, flows, wrong } = await verify();
    expect({ code, protocols, left, wrong }).toEqual({ code: 0, protocols: ["tcp", "udp"], left: 0, wrong: [] });
    expect(flows.filter(({ flow }: FlowData) => flow.endsWith("/udp")).length).toBeGreaterThan(50);
  });
  test("finds exactly the datagrams that a missing rule lets past", async () => {
    const { out } = await runCommand("generate", ...CONSUL, "--format", "save");
    const broken = out.replace(/^.*-p udp .*DNAT.*\n/m, "");
    expect(broken).not.toBe(out);
    const file = join(folder, "broken.rules");
    writeFileSync(file, broken);
    const { code, wrong } = await verify("--rules", file);
    expect([code, wrong.every((flow: string) => flow.endsWith(":53/udp"))]).toEqual([1, true]);
    expect(wrong).toContain("app -> localhost:53/udp");
  });
});
