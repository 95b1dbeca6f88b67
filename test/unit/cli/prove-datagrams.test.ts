import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommand } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-datagrams-"));
afterAll(() => rmSync(folder, { recursive: true }));

function save(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Proof {
  readonly code: number;
  readonly protocols: readonly string[];
  /** Each property that does not hold, with its counterexample. */
  readonly broken: Readonly<Record<string, string>>;
}

async function prove(...words: readonly string[]): Promise<Proof> {
  const { code, out, err } = await runCommand("prove", ...words, "--family", "4", "--json");
  expect(err.replaceAll(/^landfall: (no option|no flag|warning).*\n/gm, "")).toBe("");
  const data = JSON.parse(out);
  expect(complainBySchema("prove", data)).toEqual([]);
  const failed = data.properties.filter((each: { readonly holds: boolean }) => !each.holds);
  const broken = failed.map(
    (each: { readonly name: string; readonly counterexample: { readonly flow: string } | null }) => [
      each.name,
      each.counterexample?.flow,
    ],
  );
  return { code, protocols: data.protocols, broken: Object.fromEntries(broken) };
}

/** A mesh's options, the rule that captures DNS over UDP, and what shows that it is missing. */
const MESHES: readonly (readonly [title: string, words: readonly string[], rule: RegExp, flow: string])[] = [
  [
    "istio",
    ["--mesh", "istio", "--redirect-dns", "--capture-all-dns"],
    /^-A ISTIO_OUTPUT_DNS -p udp .*-j REDIRECT.*\n/m,
    "app -> upstream:53/udp",
  ],
  [
    "istio with one resolver",
    ["--mesh", "istio", "--redirect-dns"],
    /^-A ISTIO_OUTPUT_DNS .*-p udp .*-j REDIRECT.*\n/m,
    "app -> 10.96.0.10:53/udp",
  ],
  [
    "istio-ambient",
    ["--mesh", "istio-ambient", "--ambient-dns-capture"],
    /^-A ISTIO_OUTPUT ! -o lo -p udp .*-j REDIRECT.*\n/m,
    "app -> upstream:53/udp",
  ],
  ["kuma", ["--mesh", "kuma", "--redirect-dns"], /^-A OUTPUT .*-p udp .*-j REDIRECT.*\n/m, "app -> 10.96.0.10:53/udp"],
  ["consul", ["--mesh", "consul"], /^-A CONSUL_DNS_REDIRECT .*-p udp .*-j DNAT.*\n/m, "app -> localhost:53/udp"],
];

describe("DNS is captured over UDP:", () => {
  test.each(MESHES)(
    "by %s's own rules, and without the rule for it a datagram is the counterexample",
    async (title, words, rule, flow) => {
      expect(await prove(...words)).toEqual({ code: 0, protocols: ["tcp", "udp"], broken: {} });
      const { out: rules } = await runCommand("generate", ...words, "--format", "save", "--family", "4");
      const without = rules.replace(rule, "");
      expect(without).not.toBe(rules);
      const { code, broken } = await prove(...words, "--rules", save(`${title}.rules`, without));
      expect([code, broken]).toEqual([1, expect.objectContaining({ "dns-captured": flow })]);
    },
  );
});

const TCP_ONLY = save(
  "tcp-only.rules",
  "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o lo -j ACCEPT\n-A OUTPUT -p tcp -m tcp --dport 443 -j DROP\nCOMMIT\n",
);

describe("a user's property is about UDP if its flows are:", () => {
  test.each<[string, string, number, Readonly<Record<string, string>>]>([
    ["TCP alone", "app -> elsewhere:443", 0, {}],
    ["QUIC, which rules for TCP let past", "app -> elsewhere:443/udp", 1, { "no-443": "app -> upstream:443/udp" }],
    ["both", "app -> elsewhere:443/tcp+udp", 1, { "no-443": "app -> upstream:443/udp" }],
  ])("%s", async (_, flows, code, broken) => {
    const file = save("own.json", JSON.stringify([{ name: "no-443", flows, never: "as dialled" }]));
    const found = await prove("--rules", TCP_ONLY, "--properties", file, "--only", "no-443");
    expect(found).toMatchObject({ code, broken });
    expect(found.protocols).toEqual(
      flows.endsWith("443") ? ["tcp"] : flows.endsWith("/udp") ? ["udp"] : ["tcp", "udp"],
    );
  });
  test("flows of a protocol of which nothing is promised are refused", async () => {
    const { code, err } = await runCommand("prove", "--rules", TCP_ONLY, "--within", "app -> elsewhere:*/udp");
    expect([code, err]).toEqual([2, expect.stringContaining("None of the selected properties is about UDP")]);
  });
});

test("`otherwise` of a contract is about the protocols that its clauses name", async () => {
  const write = (flows: string) =>
    save(
      "otherwise.yaml",
      `version: 1\nclauses:\n  - { name: web, says: Web is dropped., flows: "${flows}", must: dropped }\notherwise: as-dialled\n`,
    );
  const rules = save(
    "all-udp.rules",
    "*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT ! -o lo -p udp -j DROP\n-A OUTPUT ! -o lo -p tcp -m tcp --dport 80 -j DROP\nCOMMIT\n",
  );
  const ofTcp = await prove("--contract", write("uid=* -> elsewhere:80"), "--rules", rules);
  expect(ofTcp).toEqual({ code: 0, protocols: ["tcp"], broken: {} });
  const ofBoth = await prove("--contract", write("uid=* -> elsewhere:80/tcp+udp"), "--rules", rules);
  expect(ofBoth).toMatchObject({
    code: 1,
    protocols: ["tcp", "udp"],
    broken: { otherwise: expect.stringMatching(/udp$/) },
  });
});
