import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SEED } from "../analysis/seed.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-prove-"));
afterAll(() => rmSync(folder, { recursive: true }));
const broken = join(folder, "broken.rules");
writeFileSync(broken, SEED.replace("--uid-owner 1337", "--uid-owner 1338"));

describe("landfall prove", () => {
  test("proves the seed command's guarantees", async () => {
    const { code, out } = await runCommand("prove");
    expect(code).toBe(0);
    expect(out.match(/^\S+ holds$/gm)).toEqual([
      "no-uid-loop holds",
      "inbound-captured holds",
      "outbound-captured holds",
      "exclusions-untouched holds",
      "loopback-untouched holds",
    ]);
  });
  test("gives a counterexample against rules from outside, and ends with 1", async () => {
    const { code, out } = await runCommand("prove", "--rules", broken, "--json");
    const [noLoop] = JSON.parse(out).properties;
    expect(code).toBe(1);
    expect(noLoop).toMatchObject({
      name: "no-uid-loop",
      holds: false,
      counterexample: {
        flow: { flow: "uid=1337,gid=1000 -> upstream:8080" },
        landing: { listener: "envoy-outbound", port: 15001 },
      },
    });
  });
  test("ends with 3 where its budget runs out", async () =>
    expect((await runCommand("prove", "--budget", "20")).code).toBe(3));
});

describe("landfall map", () => {
  test("gives every class with a witness and its landing", async () => {
    const { code, out } = await runCommand("map", "--json");
    const data = JSON.parse(out);
    expect(code).toBe(0);
    expect(Object.keys(data)).toEqual(["formatVersion", "classes"]);
    expect(data.classes[0]).toMatchObject({
      witness: { flow: "app -> upstream:8080" },
      landing: { kind: "listener", port: 15001 },
    });
  });
  test("tells both families, and of a file its own alone", async () => {
    expect((await runCommand("map")).out).toMatch(/client6 -> pod6:8080/);
    expect((await runCommand("map", "--rules", broken)).out).not.toMatch(/pod6/);
  });
});
