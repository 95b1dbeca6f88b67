import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const OUT = ["--within", "app -> elsewhere:*"] as const;
const manifests = join(import.meta.dirname, "../../golden/manifests");

/** What a diff of two meshes says of each class: its flow, and where it lands. */
async function diff(from: string, to: string, ...words: readonly string[]) {
  const { code, out, err } = await runCommand("diff", "--from", from, "--to", to, "--json", ...words);
  if (!out.startsWith("{")) throw new Error(err);
  const { changes = [] } = JSON.parse(out);
  const place = (landing: { kind: string; listener: string; port: number }) =>
    landing.kind === "listener" ? `${landing.listener}:${landing.port}` : landing.kind;
  return { code, err, changes: changes.map((one: never) => tell(one, place)) as readonly string[] };
}

function tell(
  { witness, before, after }: { witness: { flow: string }; before: never; after: never },
  place: (landing: never) => string,
): string {
  return `${witness.flow}: ${place(before)}, then ${place(after)}`;
}

describe("landfall diff --from --to", () => {
  test("finds no difference between a mesh and itself", async () =>
    expect(await diff("linkerd", "linkerd")).toMatchObject({ code: 0, changes: [] }));

  test("treats captures in the same direction by two proxies as the same landing", async () => {
    expect(await diff("istio", "istio -p 16001 -b '*' -i '*' -u 1337", ...OUT)).toMatchObject({ code: 0, changes: [] });
    expect(await diff("linkerd", "kuma", "--within", "client -> pod:8080")).toMatchObject({ code: 0, changes: [] });
  });

  test("reports what a migration changes", async () => {
    const { code, err, changes } = await diff("linkerd", "istio", ...OUT);
    expect({ code, changes }).toEqual({
      code: 1,
      changes: ["app -> upstream:4567: upstream:4567, then envoy-outbound:15001"],
    });
    expect(err).toContain("--from: no option is given; landfall uses the options that linkerd's own injector sets");
    expect(err).toContain("--to: warning: --dual-stack");
  });

  test.each([
    ["linkerd", "istio -b '*' -i '*' -u 1337"],
    ["kuma", "linkerd"],
    ["istio-1.4 -b '*' -i '*'", "consul"],
  ])("says of every class what becomes different: %s, then %s", async (from, to) => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-diff-"));
    const file = join(folder, "accepted.json");
    await runCommand("diff", "--from", from, "--to", to, "--family", "4", "--write-accept", file);
    const { accepted }: { accepted: { before: string; after: string }[] } = JSON.parse(readFileSync(file, "utf8"));
    rmSync(folder, { recursive: true });
    expect(accepted.length).toBeGreaterThan(5);
    expect(accepted.filter(({ before, after }) => before === after)).toEqual([]);
  });

  test("compares both families at once", async () => {
    const { changes } = await diff(
      "linkerd --proxy-uid 2102 -p 4143 -o 4140 --ipv6=false",
      "linkerd --proxy-uid 2102 -p 4143 -o 4140",
    );
    expect(changes).toContain("app -> upstream6:8080: upstream:8080, then proxy-outbound:4140");
    expect(changes).toContain("client6 -> pod6:8080: app:8080, then proxy-inbound:4143");
    expect(changes.filter((change) => !/6:|\[/.test(change))).toEqual([]);
  });

  test("names IPv6 where it alone changes", async () => {
    const { code, out } = await runCommand("diff", "--from", "istio", "--to", "istio --native-nftables");
    const ways = out.split("\n").flatMap((line) => /^\S.* → \S+/.exec(line)?.[0] ?? []);
    expect({ code, ways }).toEqual({ code: 1, ways: ["from → to", "IPv6 pod → elsewhere", "IPv6 outside → pod"] });
    expect(out).toContain("Not shown: 1 class of sockets bound to an address.");
  });
  test("compares listeners, too: a flow that the rules leave alone may reach another proxy's port", async () => {
    const { changes } = await diff("linkerd", "istio", "--within", "app -> localhost:*");
    expect(changes).toContain("app -> localhost:15001: refused, then envoy-outbound:15001");
    expect(changes).toContain("app -> localhost:4140: proxy-outbound:4140, then refused");
  });

  test("takes a manifest for one side, and its pod's addresses for both", async () => {
    const manifest = `linkerd --manifest ${join(manifests, "linkerd.yaml")}`;
    const { code, changes } = await diff(manifest, "linkerd", ...OUT);
    expect({ code, changes }).toEqual({
      code: 1,
      changes: [
        "app -> upstream:4567: proxy-outbound:4140, then upstream:4567",
        "app -> upstream:5432: upstream:5432, then proxy-outbound:4140",
      ],
    });
  });

  test("takes a file of rules for the other side", async () => {
    const file = join(import.meta.dirname, "../../golden/manifests/linkerd.yaml");
    expect(await runCommand("diff", "--to", "linkerd", file)).toMatchObject({ code: 2, out: "" });
    const folder = mkdtempSync(join(tmpdir(), "landfall-migrate-"));
    const rules = join(folder, "rules.txt");
    writeFileSync(rules, (await runCommand("generate", "--mesh", "linkerd")).out);
    const same = await runCommand("diff", rules, "--to", "linkerd", "--family", "4");
    const other = await runCommand("diff", "--from", "linkerd", rules, "--family", "6");
    rmSync(folder, { recursive: true });
    expect(same).toMatchObject({ code: 0, out: "No TCP, UDP or ICMP flow lands differently.\n" });
    expect(other.code).toBe(2);
  });

  test.each([
    [["--from", "linkrd", "--to", "istio"], /--from: --mesh: There is no mesh "linkrd"; did you mean linkerd\?/],
    [
      ["--from", "istio -b *", "--to", "istio"],
      /--from:10: "\*" is shell syntax; put it in quotes within the text: 'istio -b "\*"'\./,
    ],
    [["--from", "istio -b '80", "--to", "istio"], /--from:10: A quote is not closed/],
    [["--from", "", "--to", "istio"], /--from: Name a mesh/],
    [["--from", "linkerd --proxy-uid x", "--to", "istio -p 0"], /--from: --proxy-uid: "x"[\s\S]*--to: -p: "0"/],
    [["--from", "linkerd"], /Name one file together with --from or --to, not none/],
    [["a", "--from", "linkerd", "--to", "istio"], /Name no file together with --from and --to/],
    [["--from", "linkerd", "--to", "istio", "-u", "1"], /inside the quotes of --from and --to/],
    [["--from", "linkerd --pod-ip 10.0.0.1", "--to", "istio --pod-ip 10.0.0.2"], /Both sides are one pod/],
  ])("refuses %j", async (words, message) => {
    const { code, out, err } = await runCommand("diff", ...words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
  });
});
