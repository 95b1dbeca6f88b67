import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-map-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Maps a nat table with these rules. */
async function map(name: string, ...rules: readonly string[]) {
  const path = join(folder, name);
  writeFileSync(path, `*nat\n:OUTPUT ACCEPT [0:0]\n${rules.map((rule) => `-A OUTPUT ${rule}\n`).join("")}COMMIT\n`);
  const { code, out } = await runCommand("map", "--rules", path, "--family", "4", "--json");
  const classes: readonly { readonly landing: { readonly kind: string } }[] = JSON.parse(out).classes;
  return { code, unknown: classes.filter(({ landing }) => landing.kind === "could-not-look").length };
}

test("map ends with 0 if the landing of every class is known", async () =>
  expect(await map("known", "-p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001")).toEqual({ code: 0, unknown: 0 }));

test("map ends with 3 if the landing of some class is unknown", async () => {
  const { code, unknown } = await map("unheard", "-p tcp -m tcp --dport 80 -j UNHEARD --of x");
  expect(code).toBe(3);
  expect(unknown).toBeGreaterThan(0);
});

test("map ends with 0 if it says where flows land under either answer of an unknown match", async () =>
  expect(await map("either", "-p tcp -m limit --limit 1/sec -j REDIRECT --to-ports 15001")).toEqual({
    code: 0,
    unknown: 0,
  }));
