import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Report } from "../../../harness/model/report.ts";
import { type PairItem, readItems } from "../nft-vectors.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-nft-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("verify loads nft rules with nft, and drives one flow of every class on the kernel", () => {
  const pairs = readItems<PairItem>("nft-pairs.json").filter(({ name }) =>
    ["istio-redirect/sets", "istio-redirect/priority-other", "cage/concat-set"].includes(name),
  );
  test.each(pairs.map(({ name, nft }) => [name, nft] as const))("%s", async (name, nft) => {
    const path = save(`${name.replace("/", "-")}.nft`, nft);
    const { out } = await runCommand("verify", "--rules", path, "-b", "*", "-i", "*", "--sandbox", "netns", "--json");
    const [scenario] = (JSON.parse(out) as Report).scenarios;
    const flows = scenario?.flows ?? [];
    const wrong = flows.filter(
      ({ predicted, observed }) =>
        predicted?.kind !== observed.kind ||
        predicted.listener !== observed.listener ||
        observed.kind === "could-not-look",
    );
    expect(wrong.map(({ flow }) => flow)).toEqual([]);
    expect(scenario?.classes).toMatchObject({ left: 0, driven: scenario?.classes?.total });
    // Rules that nobody put in would land everything as dialled.
    expect(flows.some(({ rules }) => rules.some(({ rule }) => nft.includes(rule)))).toBe(true);
  });
});

test("nft rules that the kernel refuses end with 2 and nft's own message", async () => {
  // Unlike oifname, oif is looked up where nft runs; which interfaces a pod has is not the reader's to know.
  const path = save(
    "link.nft",
    'table ip t {\n chain c {\n  type filter hook output priority 0;\n  oif "eth9" drop\n }\n}\n',
  );
  const { code, err } = await runCommand("verify", "--rules", path, "--sandbox", "netns");
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("nft refused the rules") });
});

test("evidence of rules of nft is kept as a file of nft, which explains the flow again", async () => {
  const path = save(
    "all.nft",
    "table inet t {\n chain o {\n  type nat hook output priority -100;\n  meta l4proto tcp redirect to :15001\n }\n}\n",
  );
  const kept = join(folder, "evidence");
  const { code } = await runCommand("verify", "--rules", path, "--sandbox", "netns", "--evidence", kept);
  expect(code).toBe(1);
  const { code: again, out } = await runCommand(
    "explain",
    "envoy -> upstream:80",
    "--rules",
    join(kept, "rules", "rules.nft"),
  );
  expect({ again, out }).toMatchObject({
    again: 0,
    out: expect.stringContaining("meta l4proto tcp redirect to :15001"),
  });
});

describe("rules of nft without a counter", () => {
  // The kernel counts handles over a whole table, its chains first: the rule at fault has another than its place in its chain.
  const text = `table ip pod {
  chain in {
    type filter hook input priority 0;
    tcp dport 22 accept
  }
  chain out {
    type nat hook output priority -100;
    oifname "lo" return
    counter meta l4proto tcp redirect to :15001
  }
}
`;

  test("are named by the kernel where a flow lands wrong, with table, chain, handle and text", async () => {
    const path = save("silent.nft", text);
    const { out } = await runCommand(
      "verify",
      "--rules",
      path,
      "-b",
      "",
      "--flows",
      "envoy -> *:80",
      "--sandbox",
      "netns",
      "--json",
    );
    const [scenario] = (JSON.parse(out) as Report).scenarios;
    const flow = scenario?.flows.find((each) => each.flow === "envoy -> upstream:80" && each.manner === "answer");
    expect(flow).toMatchObject({ verdict: "wrong", rulesBy: "counters" });
    expect(flow?.rules).toEqual([
      {
        ...{ family: 4, table: "pod", tableFamily: "ip", source: "nft", chain: "out", index: 2, handle: 5 },
        ...{ rule: "counter meta l4proto tcp redirect to :15001", file: path, line: 9 },
      },
    ]);
    const causes = scenario?.causes?.map(({ rule }) => rule && [rule.chain, rule.index, rule.handle]);
    expect(causes).toContainEqual(["out", 2, 5]);
  });

  test("are counted by explain --observe", async () => {
    const path = save("silent-again.nft", text.replace("counter meta", "meta"));
    const observe = ["--observe", "--sandbox", "netns", "--json"];
    const { out } = await runCommand("explain", "app -> localhost:8080", "--rules", path, ...observe);
    const { steps } = JSON.parse(out) as { readonly steps: readonly object[] };
    expect(steps).toMatchObject([
      { chain: "out", index: 1, matched: true, counted: 1, handle: 4 },
      { chain: "in", index: 1, matched: false, counted: 0, handle: 3 },
    ]);
  });
});
