import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { type RoutingTexts, renderRoutingTexts } from "../../harness/formats/routing-texts.ts";
import { MESHES } from "../../harness/meshes/meshes.ts";
import type { PolicyRouting } from "../../harness/model/policy-routing.ts";
import { readPolicyRouting } from "../../harness/run/rules/printed-routing.ts";
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

/** Runs command lines in a network namespace of their own, and gives its policy routing then. */
function runAndReadRouting(commands: string): PolicyRouting {
  const asked = ["ip -4 rule", "ip -4 route show table all", "ip -6 rule", "ip -6 route show table all", "ip -o addr"];
  const script = ["set -e", "ip link set lo up", commands, ...asked.flatMap((line) => [`echo "# ${line}"`, line])];
  const text = execFileSync("unshare", ["-n", "sh", "-s"], { input: script.join("\n"), encoding: "utf8" });
  return readPolicyRouting(text);
}

describe("the command lines of a mesh run, and leave the policy routing that was generated:", () => {
  const TPROXY = ["-m", "TPROXY", "-b", "*", "-i", "*", "--dual-stack"];
  test.each([
    ...MESHES.map(({ name }): [string, readonly string[]] => [name, []]),
    ["istio", TPROXY] as [string, readonly string[]],
  ])("%s %j", async (mesh, more) => {
    const words = ["generate", "--mesh", mesh, ...more, "--pod-ip", "10.244.0.2,fd00:244::2", "--format"];
    const [commands, json] = [await runCommand(...words, "commands"), await runCommand(...words, "json")];
    const wanted: RoutingTexts = JSON.parse(json.out).policyRouting;
    const { rules, routes, addresses } = renderRoutingTexts(runAndReadRouting(commands.out));
    expect({ rules: rules.map((rule) => rule.replace(/pref \d+ /, "")), routes, addresses }).toEqual(wanted);
    if (more.length > 0) expect([rules.length, routes.length, addresses]).toEqual([2, 2, ["::6/128 dev lo"]]);
  });
});
