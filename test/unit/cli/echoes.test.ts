import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-echoes-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const CLAUSES = ["uid=1000 -> elsewhere:*/tcp+udp", "uid=1000 -> elsewhere/icmp"].map(
  (flows, i) =>
    `  - { name: no-${i === 0 ? "way" : "ping"}, says: Nothing leaves., flows: "${flows}", must: dropped }\n`,
);
const contract = save("cage.yaml", `version: 1\nclauses:\n${CLAUSES.join("")}`);
const portsAlone = save("ports.yaml", `version: 1\nclauses:\n${CLAUSES[0]}`);
const rules = (name: string, ...lines: readonly string[]) =>
  save(name, ["*filter", ":OUTPUT ACCEPT [0:0]", ...lines.map((line) => `-A OUTPUT ${line}`), "COMMIT", ""].join("\n"));
const OPEN = "-o lo -j ACCEPT";
const closed = rules("closed.rules", OPEN, "-m owner --uid-owner 1000 -j DROP");
const leaking = rules("leaking.rules", OPEN, "-p icmp -j ACCEPT", "-m owner --uid-owner 1000 -j DROP");

async function ask(command: string, ...words: readonly string[]) {
  const { code, out } = await runCommand(command, ...words, "--family", "4", "--json");
  const data = JSON.parse(out);
  expect(complainBySchema(command === "verify" ? "report" : command, data)).toEqual([]);
  return { code, data };
}

describe("echoes of a contract", () => {
  test("are proven to be dropped, or one is shown that is not", async () => {
    const broken = async (file: string) => {
      const { code, data } = await ask("prove", "--contract", contract, "--rules", file);
      const failed = data.properties.filter((each: { readonly holds: boolean }) => !each.holds);
      return { code, protocols: data.protocols, failed: failed.map((each: { readonly name: string }) => each.name) };
    };
    const protocols = ["tcp", "udp", "icmp"];
    expect(await broken(closed)).toEqual({ code: 0, protocols, failed: [] });
    expect(await broken(leaking)).toEqual({ code: 1, protocols, failed: ["no-ping"] });
  });

  test("are driven, one of each class, and no others where the contract speaks of none", async () => {
    const flows = async (file: string, which: string) => {
      const words = ["--sandbox", "simulated", "--contract", file, "--rules", which];
      const { code, data } = await ask("verify", ...words);
      const [scenario] = data.scenarios;
      const echoes = scenario.flows.filter(({ protocol }: { readonly protocol: string }) => protocol === "icmp");
      return { code, echoes: echoes.length > 0, protocols: scenario.classes.protocols };
    };
    expect(await flows(contract, closed)).toEqual({ code: 0, echoes: true, protocols: ["tcp", "udp", "icmp"] });
    expect(await flows(contract, leaking)).toMatchObject({ code: 1, echoes: true });
    expect(await flows(portsAlone, leaking)).toEqual({ code: 0, echoes: false, protocols: ["tcp", "udp"] });
  });

  test("cannot be sent to a listener", async () => {
    const text = [
      "version: 1",
      "listeners: [{ name: gate, role: outbound, port: 1080, mode: redirect }]",
      'clauses: [{ name: c, says: S., flows: "uid=* -> elsewhere/icmp", must: land-on gate }]',
    ];
    const { code, err } = await runCommand(
      "prove",
      "--contract",
      save("gate.yaml", text.join("\n")),
      "--rules",
      closed,
    );
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("which no listener takes") });
  });
});

describe("echoes that are asked about", () => {
  const within = ["--within", "uid=1000 -> elsewhere/icmp"];
  test("are compared", async () => {
    expect(await ask("diff", closed, leaking)).toMatchObject({ code: 1, data: { protocols: ["tcp", "udp", "icmp"] } });
    expect((await ask("diff", closed, closed)).code).toBe(0);
    const { code, data } = await ask("diff", closed, leaking, ...within);
    expect({ code, protocols: data.protocols }).toEqual({ code: 1, protocols: ["icmp"] });
  });
  test("are mapped", async () => {
    const { data } = await ask("map", "--rules", leaking, ...within);
    expect(data.protocols).toEqual(["icmp"]);
  });
  test("are explained", async () => {
    const { out } = await runCommand("explain", "app -> upstream/icmp", "--rules", closed);
    expect(out).toContain("echo request from 10.244.0.2 to 10.244.0.4");
    expect(out).toContain("app -> upstream/icmp lands: timed-out");
  });
});
