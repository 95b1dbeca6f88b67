import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { MESHES } from "../../harness/meshes/meshes.ts";
import { runCommand } from "../unit/cli/run-command.ts";

/** What the kernel lists of rules that it was given, in a network namespace of its own, by table and chain as landfall writes them. */
function loadIntoKernel(text: string, family: 4 | 6, variant: "nft" | "legacy"): string {
  const tool = `${family === 4 ? "iptables" : "ip6tables"}-${variant}`;
  const saved = execFileSync("unshare", ["-n", "sh", "-c", `${tool}-restore && ${tool}-save`], {
    input: text,
    encoding: "utf8",
  });
  return normalize(saved, family);
}

function normalize(text: string, family: 4 | 6): string {
  const parsed = parseIptablesSave(text, { where: "rules", family });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const tables = parsed.value.tables.toSorted((one, other) => one.name.localeCompare(other.name));
  return renderIptablesSave({ ...parsed.value, tables });
}

describe.each(["nft", "legacy"] as const)(
  "the kernel has the rules of a mesh as they were generated, by %s",
  (variant) => {
    test.each(MESHES.flatMap(({ name }) => [[name, 4] as const, [name, 6] as const]))(
      "%s, IPv%i",
      async (mesh, family) => {
        const words = ["generate", "--mesh", mesh, "--family", `${family}`, "--pod-ip", "10.244.0.2,fd00:244::2"];
        const { code, out } = await runCommand(...words);
        expect(code).toBe(0);
        expect(loadIntoKernel(out, family, variant)).toBe(normalize(out, family));
      },
    );
  },
);
