import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { translateRuleset } from "../../../harness/formats/nft/translate.ts";
import { renderNftText } from "../../../harness/formats/nft/write-nft.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { emptyRuleset } from "../../../harness/model/ruleset.ts";
import { seedConfig } from "../../seed-config.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-causes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FLAGS = ["-u", "1337", "-b", "*", "-i", "*", "-d", "15020"];

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

const whole = (await run("generate", ...FLAGS, "--format", "save")).out;

/** Rules of the seed with one fault. */
function write(name: string, edit: (rules: string) => string): string {
  const edited = edit(whole);
  expect(edited).not.toBe(whole);
  writeFileSync(join(folder, name), edited);
  return name;
}

function verify(name: string, ...words: readonly string[]) {
  return run("verify", ...FLAGS, "--rules", name, "--sandbox", "simulated", ...words);
}

interface Cause {
  readonly kind: string;
  readonly rule: {
    readonly chain: string;
    readonly index: number;
    readonly file?: string;
    readonly line?: number;
  } | null;
  readonly wanted: { readonly rule: string } | null;
  readonly flows: readonly unknown[];
}

async function listCauses(name: string): Promise<readonly Cause[]> {
  const report = JSON.parse((await verify(name, "--json")).out);
  expect(complainBySchema("report", report)).toEqual([]);
  const { causes } = report.scenarios[0];
  const sum = causes.reduce((total: number, { flows }: Cause) => total + flows.length, 0);
  expect(sum).toBe(report.summary.wrong);
  return causes;
}

/** The causes that are told of the rules of ambient mode with some faults, and the text. */
async function breakAmbient(edit: (rules: string) => string) {
  const words = ["--mesh", "istio-ambient", "--ambient-dns-capture"];
  const { out: rules } = await run("generate", ...words, "--format", "save");
  expect(edit(rules)).not.toBe(rules);
  writeFileSync(join(folder, "ambient.txt"), edit(rules));
  const verified = ["verify", ...words, "--rules", "ambient.txt", "--family", "4", "--sandbox", "simulated"];
  const [{ out }, { out: json }] = [await run(...verified), await run(...verified, "--json")];
  return { causes: JSON.parse(json).scenarios[0].causes as readonly Cause[], out };
}

const lineOf = (name: string, part: string) =>
  readFileSync(join(folder, name), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(part)) + 1;

describe("the causes of wrong landings", () => {
  test("one wrong port is one cause, at the line of its rule", async () => {
    const name = write("port.txt", (rules) => rules.replace("--to-ports 15006", "--to-ports 15007"));
    const causes = await listCauses(name);
    const rule = { chain: "ISTIO_IN_REDIRECT", index: 1, file: name, line: lineOf(name, "--to-ports 15007") };
    expect(causes).toMatchObject([
      { kind: "other-target", rule, wanted: { rule: expect.stringMatching(/--to-ports 15006$/) } },
    ]);
    const { out } = await verify(name, "--only-failures");
    expect(out).toMatch(
      /✗ \d+ flows land on app:15007 instead of envoy-inbound:15006\n {6}rule {6}nat ISTIO_IN_REDIRECT 1 \(port\.txt:\d+\)/,
    );
    expect(out.split("\n").length).toBeLessThan(40);
    // Flows that differ in their port alone are named together, as --flows takes them.
    expect(out).toContain(" and client -> pod:1,21,23,15001,15007,15019,15021,65535;");
    const { out: some } = await verify(name, "--flows", "client -> pod:1,21,23");
    expect(some).toContain("\n3 flows: 0 as expected, 3 not as expected");
    expect(out).not.toMatch(/✓/);
  });
  test.each([
    ["another port", "port-of-rule.txt", "--dport 15020", "--dport 15021", "ISTIO_INBOUND"],
    ["another address", "address-of-rule.txt", "-d 127.0.0.1/32 -j RETURN", "-d 10.0.0.0/8 -j RETURN", "ISTIO_OUTPUT"],
  ])("a rule about %s is one cause: it stands in the place of the required one", async (_, file, own, other, chain) => {
    const name = write(file, (rules) => rules.replace(own, other));
    const causes = await listCauses(name);
    const rule = { chain, file: name, line: lineOf(name, other) };
    expect(causes).toMatchObject([
      {
        kind: "other-target",
        rule,
        wanted: { rule: expect.stringContaining(own) },
        remedy: "change this rule to the required one",
      },
    ]);
    const { out } = await verify(name);
    const [, wrong] = / (\d+) not as expected/.exec(out) ?? [];
    expect(out.match(/^ {2}✗ \S+ -> /gm)).toHaveLength(Number(wrong));
  });

  test("a rule that takes a mark without its mask is named, although the file tells nothing of policy routing", async () => {
    const { causes, out } = await breakAmbient((rules) =>
      rules.replace("! --mark 0x539/0xfff -j REDIRECT --to-ports 15001", "! --mark 0x539 -j REDIRECT --to-ports 15001"),
    );
    expect(causes.map(({ kind, rule }) => [kind, rule?.chain])).toEqual([["other-target", "ISTIO_OUTPUT"]]);
    expect(out).toContain("differs   --mark 0x539 instead of --mark 0x539/0xfff");
  });

  test("of several faults each is named with its own flows, whatever rule stands at the end of their ways", async () => {
    const { causes } = await breakAmbient((rules) =>
      rules
        .replace("--mark 0x539/0xfff -j CONNMARK", "--mark 0x593/0xfff -j CONNMARK")
        .replace("! --mark 0x539/0xfff -j REDIRECT --to-ports 15001", "! --mark 0x539 -j REDIRECT --to-ports 15001")
        .replace(/^-A ISTIO_OUTPUT .* -p tcp .*--dport 53 .*\n/m, ""),
    );
    const named = causes.map(({ kind, rule, wanted }) => [kind, `${rule?.chain} ${rule?.index}`, wanted?.rule ?? ""]);
    expect(named.toSorted()).toEqual([
      expect.arrayContaining(["missing-rule", expect.stringMatching(/--dport 53 .*--to-ports 15053$/)]),
      ["other-target", "ISTIO_OUTPUT 5", expect.stringMatching(/! --mark 0x539\/0xfff -j REDIRECT --to-ports 15001$/)],
      ["other-target", "ISTIO_PRERT 1", expect.stringMatching(/--mark 0x539\/0xfff -j CONNMARK/)],
    ]);
  });

  test("a rule is never to be changed into two, and what no rule takes requires the rule that its remedy names", async () => {
    const withoutDns = (rules: string) =>
      rules
        .split(/(?=^\*)/m)
        .filter((table) => !table.startsWith("*raw"))
        .join("")
        .replaceAll(/^-A .*--dport 53 .*\n/gm, "");
    const redirect = /^-A ISTIO_OUTPUT .* -p tcp .* --to-ports 15001\n/m;
    const first = "-A ISTIO_OUTPUT -d 169.254.7.127/32 -p tcp -m tcp -j ACCEPT\n";
    const { causes: copied } = await breakAmbient((rules) => {
      const [whole = ""] = redirect.exec(rules) ?? [];
      return withoutDns(rules).replace(first, whole.replace("15001", "15000") + first);
    });
    const kinds = (causes: readonly Cause[]) =>
      causes.map(({ kind, rule, wanted }) => [kind, rule?.index ?? null, wanted?.rule ?? null]);
    expect(kinds(copied).filter(([kind]) => kind === "other-target")).toEqual([]);
    const { causes: negated } = await breakAmbient((rules) =>
      withoutDns(rules).replace(first, first.replace("-d", "! -d")),
    );
    const changed = kinds(negated).filter(([kind]) => kind === "other-target");
    expect(new Set(changed.map(String))).toEqual(new Set([`other-target,1,${first.trim()}`]));
    // What no rule takes is told the rule that its remedy names.
    const untaken = negated.find(({ kind }) => kind === "no-rule") as (Cause & { remedy: string }) | undefined;
    expect(untaken?.wanted?.rule).toMatch(/-p udp .* --to-ports 15053$/);
    expect(untaken?.remedy).toContain(untaken?.wanted?.rule);
  });

  test("in chains with other names, a wrong rule is compared with the required one by those names", async () => {
    const name = write("own.txt", (rules) =>
      rules.replaceAll("ISTIO_", "MY_").replace("--to-ports 15006", "--to-ports 15007"),
    );
    const required = "-A MY_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006";
    expect(await listCauses(name)).toMatchObject([
      {
        kind: "other-target",
        rule: { chain: "MY_IN_REDIRECT", index: 1, file: name },
        wanted: { rule: required },
      },
    ]);
  });
  test.each([
    ["-d 127.0.0.1/32 -j RETURN", "MY_OUTPUT"],
    ["! -d 127.0.0.1/32 -o lo -j MY_IN_REDIRECT", "MY_OUTPUT"],
    ["-p tcp -m tcp --dport 15020 -j RETURN", "MY_INBOUND"],
  ])("in chains with other names, the missing rule %s is one cause, and named by those names", async (body, chain) => {
    const missing = `-A ${chain} ${body}`;
    const name = write("own-missing.txt", (rules) => {
      const own = rules.replaceAll("ISTIO_", "MY_");
      expect(own).toContain(`${missing}\n`);
      return own.replace(`${missing}\n`, "");
    });
    expect(await listCauses(name)).toMatchObject([{ kind: "missing-rule", wanted: { chain, rule: missing } }]);
    expect((await verify(name, "--only-failures")).out.replaceAll(/\s+/g, " ")).toMatch(
      new RegExp(
        ` remedy insert the missing rule before (?:-A \\S+ .*, which is )?${chain} \\d \\(own-missing\\.txt:\\d+\\) `,
      ),
    );
  });
  test("in rules without chains, the one that is missing is found, and where it is to stand", async () => {
    const flat = [
      "-A PREROUTING -p tcp --dport 22 -j RETURN",
      "-A PREROUTING -p tcp --dport 15020 -j RETURN",
      "-A PREROUTING -p tcp -j REDIRECT --to-ports 15006",
      "-A OUTPUT -p tcp -s 127.0.0.6/32 -o lo -j RETURN",
      "-A OUTPUT -p tcp -m owner --uid-owner 1337 -j RETURN",
      "-A OUTPUT -p tcp -m owner --gid-owner 1337 -j RETURN",
      "-A OUTPUT -p tcp -d 127.0.0.1/32 -j RETURN",
      "-A OUTPUT -p tcp -j REDIRECT --to-ports 15001",
    ];
    const name = write("flat.txt", () => `*nat\n${flat.join("\n")}\nCOMMIT\n`);
    const missing = "-A OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -j REDIRECT --to-ports 15006";
    expect(await listCauses(name)).toMatchObject([
      { kind: "missing-rule", wanted: { chain: "OUTPUT", rule: missing } },
    ]);
    expect((await verify(name, "--only-failures")).out).toContain(
      "remedy    insert the missing rule before OUTPUT 2 (flat.txt:6)\n",
    );
  });
  test("in rules of nft, what is missing and what is wrong are named as nft writes them", async () => {
    const { ip } = generateRules(seedConfig());
    const nft = renderNftText(translateRuleset(ip ?? emptyRuleset(4)).tables);
    write("missing.nft", () => nft.replace(/^.*skuid 1337 .*\n/m, ""));
    const [missing] = await listCauses("missing.nft");
    expect(missing).toMatchObject({ kind: "missing-rule", rule: { chain: "ISTIO_REDIRECT" } });
    expect(missing?.wanted?.rule).toMatch(/ meta skuid 1337 return$/);
    const mesh = ["--mesh", "istio", "--native-nftables", "-u", "1337", "-i", "*", "-b", "*"];
    const own = (await run("generate", ...mesh)).out;
    writeFileSync(join(folder, "native.nft"), own.replace(/^ *meta skuid 1337 counter .*\n/m, ""));
    const { out } = await run("verify", ...mesh, "--rules", "native.nft", "--sandbox", "simulated", "--only-failures");
    expect(out).toMatch(/^ {6}missing {3}istio-proxy-nat istio-output: meta skuid 1337 counter return$/m);
    expect(out).toMatch(/ instead of the original destination or timing out$/m);
    write("port.nft", () => nft.replace("redirect to :15006", "redirect to :15007"));
    const required = "meta l4proto tcp counter redirect to :15006";
    expect(await listCauses("port.nft")).toMatchObject([{ kind: "other-target", wanted: { rule: required } }]);
  });
  test("where two faults stand in the way of the same flows, it says what is known: which rule decides", async () => {
    const name = write("two-own.txt", () =>
      ["*nat", "-A OUTPUT -p tcp -m mark ! --mark 7 -j REDIRECT --to-ports 15001", "COMMIT", ""].join("\n"),
    );
    expect((await verify(name, "--only-failures")).out.replaceAll(/\s+/g, " ")).toContain(
      "because this rule decides where these flows land; it is wrong, or a rule before it is missing",
    );
  });
  test("a rule that only leads to a chain takes nothing", async () => {
    const name = write("leads.txt", (rules) => rules.replace("-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n", ""));
    const [cause] = await listCauses(name);
    expect(cause).toMatchObject({ kind: "missing-rule", rule: null, wanted: { chain: "ISTIO_OUTPUT" } });
    expect((await verify(name, "--only-failures")).out).toMatch(/missing .*\n +because {3}no rule takes these flows/);
  });
  test("flows that reach the required listener without a redirect are said to, and those that were to go on as dialled", async () => {
    const direct = write("direct.txt", (rules) => rules.replace(/^.* -o lo -j ISTIO_IN_REDIRECT\n/m, ""));
    const flows = ["--only-failures", "--flows", "envoy -> pod:15006"];
    expect((await verify(direct, ...flows)).out).toContain(
      "✗ 1 flow lands on envoy-inbound:15006, but dialled there and not redirected\n",
    );
    const uid = write("uid-return.txt", (rules) => rules.replace(/^.*--uid-owner 1337 -j RETURN\n/m, ""));
    expect((await verify(uid, "--only-failures")).out).toMatch(
      /✗ \d+ flows land on envoy-outbound:15001 instead of the original destination\n/,
    );
  });
  test("a missing rule is reported as missing", async () => {
    const name = write("uid.txt", (rules) => rules.replace(/^.*--uid-owner 1337 -j RETURN\n/m, ""));
    expect(await listCauses(name)).toMatchObject([
      {
        kind: "missing-rule",
        rule: { chain: "ISTIO_REDIRECT" },
        wanted: { rule: expect.stringMatching(/--uid-owner 1337 -j RETURN$/) },
      },
    ]);
    expect((await verify(name)).out).toMatch(
      / {6}missing {3}nat ISTIO_OUTPUT: -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN\n {6}taken by {2}nat ISTIO_REDIRECT 1 [\s\S]*remedy {4}insert the missing rule before -A ISTIO_OUTPUT -j ISTIO_REDIRECT,\s+which\s+is\s+ISTIO_OUTPUT \d \(uid\.txt:\d+\)/,
    );
  });
  test("what no rule takes is one cause, wherever it lands", async () => {
    const name = write("bare.txt", (rules) => rules.replaceAll("ISTIO_", "MY_").replace(/^-A PREROUTING .*\n/m, ""));
    expect(await listCauses(name)).toMatchObject([
      { kind: "missing-rule", rule: null, wanted: { rule: "-A PREROUTING -p tcp -j MY_INBOUND" } },
    ]);
    expect((await verify(name)).out.replaceAll(/\s+/g, " ")).toMatch(
      /✗ \d+ flows go to the original destination instead of being redirected to envoy-inbound:15006 /,
    );
  });
  test("a rule that stands before the required one is named, and not called missing", async () => {
    const name = write("order.txt", (rules) =>
      rules.replace(/^(.*-m owner --uid-owner 1337 .*\n)/m, "-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n$1"),
    );
    const line = lineOf(name, "-A ISTIO_OUTPUT -j ISTIO_REDIRECT");
    const { out } = await verify(name, "--flows", "envoy -> *");
    expect(out).toContain(`rule      nat ISTIO_OUTPUT 3 (order.txt:${line}): -A ISTIO_OUTPUT -j ISTIO_REDIRECT\n`);
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      `because this rule stands before those that would take these flows: ISTIO_OUTPUT 4 (order.txt:${line + 1}): -A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN breaks `,
    );
    const remedy = `remedy remove this rule: it is a duplicate of ISTIO_OUTPUT 7 (order.txt:${line + 4}): -A ISTIO_OUTPUT -j ISTIO_REDIRECT`;
    expect(out.replaceAll(/\s+/g, " ")).toContain(remedy);
    const all = (await verify(name)).out.replaceAll(/\s+/g, " ");
    // Every flow is counted for one requirement, or for none.
    const [, sum] = /✗ (\d+) flows go wrong/.exec(all) ?? [];
    const counts = [
      ...all.matchAll(
        /breaks +the requirement \S+ \((\d+) flow|rest +no requirement is about the other(?: (\d+))? flow/g,
      ),
    ];
    expect(counts.reduce((total, [, some, none]) => total + Number(some ?? none ?? 1), 0)).toBe(Number(sum));
    expect(all).toMatch(
      /would take these flows: ISTIO_OUTPUT 4 \S+ -A [^;]*; ISTIO_OUTPUT 5 \S+ -A [^;]*; ISTIO_OUTPUT 6 \S+ -A /,
    );
    expect(all).toContain(remedy);
    expect(out).not.toMatch(/ missing /);
  });
  test("a rule that stands before several others that should come first is one cause, and is to be moved", async () => {
    const redirect = "-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n";
    const before = /^(.*-m owner --gid-owner 1337 .*\n)/m;
    const name = write("moved.txt", (rules) => rules.replace(redirect, "").replace(before, `${redirect}$1`));
    const line = lineOf(name, redirect.trim());
    expect(await listCauses(name)).toMatchObject([{ kind: "deciding-rule", rule: { line } }]);
    const text = (await verify(name, "--only-failures")).out.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      `because this rule stands before those that would take these flows: ISTIO_OUTPUT 5 (moved.txt:${line + 1}): -A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN; ISTIO_OUTPUT 6 (moved.txt:${line + 2}): -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN breaks`,
    );
    expect(text).toContain(
      ` remedy move this rule after nat ISTIO_OUTPUT 6 (moved.txt:${line + 2}): -A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN `,
    );
    // Of the two flows in full the second is of somebody else, and goes somewhere else.
    expect(text).toMatch(/ uid=1000,gid=1337 -> upstream:80 expected .* root -> localhost:8080 expected /);
  });
  test("a rule at the front of its chain stands before every rule that should come first, and is to be moved behind the last", async () => {
    const take = "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT\n";
    const front = /^(-A ISTIO_INBOUND -p tcp -m tcp --dport 22 .*\n)/m;
    const name = write("front.txt", (rules) => rules.replace(take, "").replace(front, `${take}$1`));
    const line = lineOf(name, take.trim());
    expect(await listCauses(name)).toMatchObject([
      {
        why: `this rule stands before those that would take these flows: ISTIO_INBOUND 2 (front.txt:${line + 1}): -A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j RETURN; ISTIO_INBOUND 3 (front.txt:${line + 2}): -A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN`,
        remedy: expect.stringContaining(`move this rule after nat ISTIO_INBOUND 3 (front.txt:${line + 2})`),
      },
    ]);
  });
  test("a loop is said to miss what lies behind the listener that takes it", async () => {
    const redirect = "-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n";
    const before = /^(.*-m owner --uid-owner 1337 -j RETURN\n)/m;
    const name = write("loop.txt", (rules) => rules.replace(redirect, "").replace(before, `${redirect}$1`));
    const { out } = await verify(name, "--quiet", "--flows", "app -> upstream:80");
    expect(out).toContain("1 flow loops instead of reaching upstream:80");
  });
  test("a rule that takes more than the required one is to be changed to it", async () => {
    const own = "-A ISTIO_OUTPUT -d 10.96.0.0/16 -j RETURN";
    const flags = [...FLAGS, "-x", "10.96.0.0/16"];
    const { out: rules } = await run("generate", ...flags, "--format", "save");
    expect(rules).toContain(`${own}\n`);
    writeFileSync(join(folder, "wide.txt"), rules.replace("10.96.0.0/16", "10.0.0.0/8"));
    const words = ["verify", ...flags, "--rules", "wide.txt", "--sandbox", "simulated", "--json"];
    expect(JSON.parse((await run(...words)).out).scenarios[0].causes).toMatchObject([
      {
        kind: "other-target",
        rule: { rule: "-A ISTIO_OUTPUT -d 10.0.0.0/8 -j RETURN", file: "wide.txt" },
        wanted: { rule: own },
        why: "this rule stands in the place of the required one, and takes more flows",
        remedy: "change this rule to the required one",
      },
    ]);
  });
  test("a rule that the mesh does not have is to be removed each time that it is there", async () => {
    const extra = "-A ISTIO_OUTPUT -p tcp -m tcp --dport 5432 -j RETURN\n";
    const name = write("twice.txt", (rules) => rules.replace("-A ISTIO_OUTPUT -j", `${extra}${extra}$&`));
    const line = lineOf(name, extra.trim());
    expect(await listCauses(name)).toMatchObject([
      {
        rule: { line },
        remedy: expect.stringMatching(
          `^remove this rule and its duplicate ISTIO_OUTPUT 7 \\(twice\\.txt:${line + 1}\\): `,
        ),
      },
    ]);
  });
  test.each([
    // In the other chain it takes flows that it should not, or none, or does the same for some.
    ["-p tcp -m tcp --dport 15020 -j RETURN", "ISTIO_INBOUND", "ISTIO_OUTPUT"],
    ["-d 127.0.0.1/32 -j RETURN", "ISTIO_OUTPUT", "ISTIO_INBOUND"],
    ["-p tcp -m tcp --dport 22 -j RETURN", "ISTIO_INBOUND", "ISTIO_IN_REDIRECT"],
  ])("the rule %s of the chain %s, moved to the chain %s, is one cause", async (body, from, to) => {
    const own = `-A ${from} ${body}\n`;
    const name = write("strayed.txt", (rules) => rules.replace(own, "").replace(`-A ${to} `, `-A ${to} ${body}\n$&`));
    expect(await listCauses(name)).toMatchObject([
      {
        kind: "other-target",
        rule: { chain: to, line: lineOf(name, body) },
        wanted: { rule: own.trim() },
        why: `this rule was moved from the chain ${from} to ${to}`,
        remedy: expect.stringMatching(
          `^move this rule back to the chain ${from}, before ${from} \\d \\(strayed\\.txt:\\d+\\)$`,
        ),
      },
    ]);
  });
  test("a rule that the mesh does not have is to be removed, where it stands before the required one", async () => {
    const extra = "-A ISTIO_OUTPUT -d 10.96.7.0/24 -p tcp -m tcp --dport 5432 -j RETURN";
    const name = write("extra.txt", (rules) =>
      rules.replace(/^(-A ISTIO_OUTPUT -j ISTIO_REDIRECT\n)/m, `${extra}\n$1`),
    );
    const { out } = await verify(name);
    expect(out).toContain(`rule      nat ISTIO_OUTPUT 6 (extra.txt:${lineOf(name, extra)}): ${extra}`.slice(0, 60));
    expect(out).toMatch(/ remedy {4}remove or correct this rule, or change the settings/);
  });
  test("a rule that is one too many is not blamed for a required one that another rule does the work of", async () => {
    const [own, ssh] = [
      "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j",
      "-p tcp -m multiport --dports 8000:8443 -j RETURN",
    ];
    const name = write("surplus.txt", (rules) =>
      rules.replace(`${own} RETURN\n`, `${own} ACCEPT\n-A ISTIO_INBOUND ${ssh}\n`),
    );
    const { out } = await verify(name);
    expect(out).toMatch(/ rule {6}nat ISTIO_INBOUND 2 \(surplus\.txt:\d+\)/);
    expect(out).not.toContain("--dport 22");
    expect(out).toMatch(/ remedy {4}remove or correct this rule, or change the settings/);
  });
  test("a rule that the mesh does not have is one cause, whatever was required of the flows that it takes", async () => {
    const extra = "-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT";
    const name = write("bypass.txt", (rules) =>
      rules.replace(/^(-A OUTPUT -p tcp -j ISTIO_OUTPUT\n)/m, `${extra}\n$1`),
    );
    expect(await listCauses(name)).toMatchObject([{ kind: "deciding-rule", rule: { line: lineOf(name, extra) } }]);
  });
  test("a rule that takes only some of what the required one takes is to be changed", async () => {
    const narrow = "-A ISTIO_INBOUND -p tcp -m tcp --dport 8000:9000 -j ISTIO_IN_REDIRECT";
    const name = write("narrow.txt", (rules) => rules.replace("-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT", narrow));
    expect(await listCauses(name)).toMatchObject([
      {
        kind: "other-target",
        rule: { line: lineOf(name, narrow) },
        wanted: { rule: "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT" },
        why: "this rule takes only some of the flows that the required one takes",
      },
    ]);
  });
  test("a rule that drops more than the mesh does is one cause, whatever was required", async () => {
    const name = write(
      "drop.txt",
      (rules) => `${rules}*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 15006 -j DROP\nCOMMIT\n`,
    );
    expect(await listCauses(name)).toMatchObject([{ kind: "deciding-rule", rule: { chain: "INPUT", index: 1 } }]);
    const proxys = write(
      "drop-proxy.txt",
      (rules) => `${rules}*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner --uid-owner 1337 -j DROP\nCOMMIT\n`,
    );
    expect(await listCauses(proxys)).toMatchObject([{ kind: "deciding-rule", rule: { chain: "OUTPUT", index: 1 } }]);
    expect((await verify(proxys)).out).toMatch(/remedy {4}remove this rule/);
  });
  test("two faults are two causes", async () => {
    const name = write("two.txt", (rules) =>
      rules.replace("--to-ports 15006", "--to-ports 15007").replace(/^.*--dport 15020 -j RETURN\n/m, ""),
    );
    const causes = await listCauses(name);
    expect(causes.map(({ kind }) => kind).toSorted()).toEqual(["missing-rule", "other-target"]);
  });
  test("a scenario that contradicts its own settings is reported as such", async () => {
    const scenario = { name: "own", claim: "c", capture: FLAGS, answer: { "client -> pod:8080": "app:8080" } };
    writeFileSync(join(folder, "own.mjs"), `export default ${JSON.stringify(scenario)};\n`);
    const { code, out } = await run("verify", "own.mjs", "--sandbox", "simulated");
    expect(code).toBe(1);
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /because the scenario expects a landing that its own settings do not demand: they demand envoy-inbound:15006/,
    );
  });
  test("is in every report: Markdown, JUnit and HTML", async () => {
    const name = write("all.txt", (rules) => rules.replace("--to-ports 15006", "--to-ports 15007"));
    await verify(name, "--report", "r.md", "--report", "r.xml", "--report", "r.html");
    const [md, xml, html] = ["r.md", "r.xml", "r.html"].map((file) => readFileSync(join(folder, file), "utf8"));
    expect(md).toMatch(/^### ❌ landfall: \d+ of \d+ flows landed as expected, \d+ not as expected$/m);
    expect(md).toMatch(/^❌ \*\*\d+ flows land on app:15007 instead of envoy-inbound:15006\*\*$/m);
    expect(md).toMatch(/^- rule: `nat ISTIO_IN_REDIRECT 1 \(all\.txt:\d+\): -A/m);
    expect(xml).toMatch(
      /<failure message="expected envoy-inbound:15006, dialled 10\.244\.0\.2:8080, from 10\.244\.0\.3, predicted app:15007/,
    );
    expect(xml).toMatch(/rule {6}nat ISTIO_IN_REDIRECT 1 \(all\.txt:\d+\)/);
    expect(html?.match(/flows land on app:15007 instead of envoy-inbound:15006/g)).toHaveLength(1);
  });
  test("--report -:md prints Markdown instead of the table, and a name in it cannot become markup", async () => {
    const scenario = {
      name: "<b>@x_",
      claim: "`#1` | a_b",
      capture: FLAGS,
      answer: { "client -> pod:8080": "app:8080" },
    };
    writeFileSync(join(folder, "<b>@x_.mjs"), `export default ${JSON.stringify(scenario)};\n`);
    const { out } = await run("verify", "<b>@x_.mjs", "--sandbox", "simulated", "--report", "-:md");
    expect(out).toContain("#### &lt;b>\\@x\\_: \\`\\#1\\` \\| a\\_b");
  });
  test("in GitHub Actions is an annotation at the rule's line, and in the step's summary", async () => {
    const name = write("gh.txt", (rules) => rules.replace("--to-ports 15006", "--to-ports 15007"));
    const summary = join(folder, "summary.md");
    const environment = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const words = ["verify", ...FLAGS, "--rules", name, "--sandbox", "simulated"];
    const { err } = await runCommandIn({ workingDirectory: folder, environment }, ...words);
    expect(err).toMatch(
      /^::error title=landfall%3A rules,file=gh\.txt,line=\d+::\d+ flows land on app:15007.*%0Arule: nat ISTIO_IN_REDIRECT 1/m,
    );
    expect(readFileSync(summary, "utf8")).toMatch(/^### ❌ landfall: /);
    expect((await run(...words)).err).not.toMatch(/^::error/m);
  });
  test("is on a terminal what a person sees first: flows that passed are counted there, unless each is asked for", async () => {
    const name = write("seen.txt", (rules) => rules.replace("--to-ports 15006", "--to-ports 15007"));
    const words = ["verify", ...FLAGS, "--rules", name, "--sandbox", "simulated"];
    const display = { columns: 80, isTerminal: true, color: false, progress: "appended" } as const;
    const shown = async (...more: readonly string[]) =>
      (await runCommandIn({ workingDirectory: folder, display }, ...words, ...more)).out;
    const seen = await shown();
    expect(seen).toMatch(
      /\n {2}✓ \d+ flows as expected \(--every-flow lists each\)\n\n {2}✗ \d+ flows land on app:15007 /,
    );
    expect(seen).not.toMatch(/^ {2}[✓✗] \S+ -> /m);
    const logged = (await run(...words)).out;
    expect((await shown("--every-flow")).match(/^ {2}[✓✗] \S+ -> /gm)).toEqual(logged.match(/^ {2}[✓✗] \S+ -> /gm));
    expect(await shown("--only-failures")).not.toContain("--every-flow");
  });
  test("is named again at the end where there are several scenarios, and --quiet leaves out what passed", async () => {
    const { out } = await run("verify", "own.mjs", "seed", "--sandbox", "simulated", "--quiet");
    expect(out).toMatch(/^Failed:\n {2}own: 1 flow lands on envoy-inbound:15006 instead of app:8080; rule /m);
    expect(out).not.toMatch(/^seed:/m);
  });
});
