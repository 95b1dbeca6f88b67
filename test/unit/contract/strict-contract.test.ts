import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCommand } from "../cli/run-command.ts";
import { complainBySchema } from "../schemas/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-strict-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A setting of each mesh for which its tool and its documents differ, one flow that shows it, and where `--strict` finds it. */
const DEVIATIONS: readonly (readonly [words: string, clause: string, flow: string])[] = [
  ["--mesh istio -m TPROXY -b 15008", "tunnel-open", "uid=1000,gid=1337 -> pod:15008"],
  ["--mesh istio -i 10.0.0.0/8 -x 10.1.0.0/16", "outbound-captured", "app -> 10.1.0.0:8080"],
  ["--mesh istio -m TPROXY -b * -i * -k vm0", "outbound-captured", "vm -> upstream:8080"],
  ["--mesh istio --native-nftables -b * -i *", "rest-untouched", "app -> upstream6:8080"],
  ["--mesh istio-ambient", "dns-captured", "app -> localhost:53"],
  ["--mesh kuma", "exclusions-untouched", "client -> pod:22"],
  ["--mesh kuma --redirect-dns", "outbound-captured", "app -> upstream:53"],
  ["--mesh consul", "proxy-untouched", "envoy -> localhost:53"],
];

interface Property {
  readonly name: string;
  readonly holds: boolean;
  readonly deviations: readonly { readonly flow: string }[];
  readonly counterexample: { readonly flow: string } | null;
}

async function prove(...words: readonly string[]): Promise<readonly Property[]> {
  const { out } = await runCommand("prove", "--json", ...words);
  expect(complainBySchema("prove", JSON.parse(out))).toEqual([]);
  return JSON.parse(out).properties;
}

describe("where a mesh's tool and its documents differ", () => {
  test.each(DEVIATIONS)("%s: --strict breaks %s with %s", async (words, clause, flow) => {
    const asked = [...words.split(" "), "--within", flow];
    const plain = await prove(...asked);
    expect(plain.flatMap(({ deviations }) => deviations).length).toBeGreaterThan(0);
    const wrong = plain.filter(({ name, holds }) => !holds && name !== "no-loop");
    expect(wrong).toEqual([]);
    const strict = await prove(...asked, "--strict");
    expect(strict.flatMap(({ deviations }) => deviations)).toEqual([]);
    expect(strict.find(({ name }) => name === clause)).toMatchObject({ holds: false, counterexample: { flow } });
  });
  test("a mesh without a difference is judged the same with and without --strict", async () => {
    expect(await prove("--mesh", "linkerd", "--strict")).toEqual(await prove("--mesh", "linkerd"));
  });
  test("verify mentions it, and fails with --strict", async () => {
    const words = ["verify", "--mesh", "kuma", "--sandbox", "simulated"];
    const plain = await runCommand(...words);
    expect(plain.code).toBe(0);
    expect(plain.out).toMatch(
      /2 flows, for example client -> pod:22, must land where the mesh's own tool sends them, which is\s+not what its documentation says\.\s+The tool: SSH's port 22 is/,
    );
    const strict = await runCommand(...words, "--strict");
    expect(strict.code).toBe(1);
    expect(strict.out).not.toMatch(/documentation says otherwise/);
  });
  test("--strict is refused for a contract file, which has no documents", async () => {
    const file = join(folder, "own.yaml");
    writeFileSync(file, "clauses:\n  - name: open\n    flows: client -> pod:80\n    must: as-dialled\n");
    const { code, err } = await runCommand("prove", "--contract", file, "--strict");
    expect(code).toBe(2);
    expect(err).toMatch(/--strict: A contract file replaces a mesh and its options/);
  });
});
