import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SEED_WORDS } from "../../../harness/meshes/istio-1.4/seed.ts";
import type { FlowReport, Report } from "../../../harness/model/report.ts";
import { complainBySchema } from "../schemas/schema.ts";
import { runCommandIn } from "./run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "landfall-decided-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: readonly string[]) {
  return runCommandIn({ workingDirectory: folder }, ...words);
}

const whole = (await run("generate", ...SEED_WORDS, "--format", "save")).out;

/** Rules of the seed with something else, and what `verify` says of them. */
async function verify(name: string, edit: (rules: string) => string, ...words: readonly string[]) {
  const edited = edit(whole);
  expect(edited).not.toBe(whole);
  writeFileSync(join(folder, name), edited);
  const { out } = await run("verify", ...SEED_WORDS, "--rules", name, "--sandbox", "simulated", "--json", ...words);
  const report: Report = JSON.parse(out);
  expect(complainBySchema("report", report)).toEqual([]);
  const [scenario] = report.scenarios;
  if (!scenario) throw new Error("the report has no scenario");
  return scenario;
}

function nameDeciding({ decidedBy, rules }: FlowReport): string {
  if (decidedBy?.kind !== "rule") return decidedBy?.kind === "policy" ? decidedBy.policy : `${decidedBy?.kind}`;
  const rule = rules[decidedBy.rule];
  return `${rule?.chain} ${rule?.index}`;
}

describe("what decided where a flow landed", () => {
  test("is the rule that took it, whatever rules its packets met behind it, and of what the proxy sends on the last one", async () => {
    const filter = "*filter\n-A INPUT -p tcp -j ACCEPT\nCOMMIT\n";
    const { flows } = await verify("accepts.txt", (rules) => rules + filter);
    const decided = (manner: string, text: string) =>
      flows.filter((each) => each.flow === text && each.manner === manner).map(nameDeciding);
    const inbound = flows.find(({ flow, manner }) => flow === "client -> pod:8080" && manner === "answer");
    expect(inbound?.rules.at(-1)).toMatchObject({ table: "filter" });
    expect(decided("answer", "client -> pod:8080")).toEqual(["ISTIO_IN_REDIRECT 1"]);
    expect(decided("answer", "envoy -> upstream:80")).toEqual(["ISTIO_OUTPUT 3"]);
    expect(decided("forward", "app -> upstream:80")).toEqual(["ISTIO_OUTPUT 3"]);
  });

  test("is nothing where no rule takes it", async () => {
    const { flows } = await verify("bare.txt", (rules) => rules.replace(/^-A PREROUTING .*\n/m, ""));
    const inbound = flows.filter(({ flow }) => flow.startsWith("client -> pod"));
    expect(new Set(inbound.map(nameDeciding))).toEqual(new Set(["nothing"]));
  });

  test("is the policy that drops it: one cause, that names the chain and what to do, and so does the map", async () => {
    const drop = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 15006 -j ACCEPT\nCOMMIT\n";
    const { causes, flows } = await verify("drop.txt", (rules) => rules + drop);
    expect(causes).toMatchObject([
      {
        kind: "no-rule",
        rule: null,
        why: expect.stringMatching(/^the policy of the chain filter INPUT drops these flows/),
        remedy: "accept these flows in the chain filter INPUT, or set its policy to ACCEPT",
      },
    ]);
    expect(nameDeciding(flows.find(({ verdict }) => verdict === "wrong") as FlowReport)).toBe("filter INPUT");
    expect((await run("map", "--rules", "drop.txt")).out).toMatch(/timed-out +filter INPUT policy$/m);
  });

  test("is one policy for flows of several requirements and ends", async () => {
    const drop = "*filter\n:OUTPUT DROP [0:0]\n-A OUTPUT -o lo -j ACCEPT\nCOMMIT\n";
    const { causes } = await verify("drop-out.txt", (rules) => rules + drop);
    expect(causes?.map(({ why }) => why.slice(0, 40))).toEqual(["the policy of the chain filter OUTPUT dr"]);
  });

  test("is told beside every requirement that is broken, those of most flows first, and headed by each fate", async () => {
    const name = "uid.txt";
    const { causes = [] } = await verify(name, (rules) => rules.replace("--uid-owner 1337", "--uid-owner 1000"));
    const [{ clauses = [], breaks } = {}] = causes;
    expect(clauses.map(({ name: clause }) => clause)).toEqual(["outbound-captured", "no-uid-loop"]);
    expect(breaks).toBeUndefined();
    const { out } = await run("verify", ...SEED_WORDS, "--rules", name, "--sandbox", "simulated", "--quiet");
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /✗ \d+ flows go wrong: \d+ go to the original destination instead of being redirected to envoy-outbound:15001; \d+ land on envoy-outbound:15001 instead of the original destination rule /,
    );
    expect(out).toMatch(/^ {6}breaks {4}the requirement outbound-captured \(\d+ flows\): "Outbound /m);
  });

  test("is a rule to be moved back from a chain that is not its own, and to be removed where its own has it too", async () => {
    const own = "-A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN\n";
    const remedies = async (name: string, left: string) => {
      const { causes } = await verify(name, (rules) =>
        rules.replace(own, left).replace("-A ISTIO_OUTPUT -s", `${own.replace("INBOUND", "OUTPUT")}-A ISTIO_OUTPUT -s`),
      );
      return causes?.map(({ remedy }) => remedy);
    };
    expect(await remedies("chain.txt", "")).toEqual([
      expect.stringMatching(/^move this rule back to the chain ISTIO_INBOUND, before ISTIO_INBOUND 2 /),
    ]);
    expect(await remedies("both-chains.txt", own)).toEqual([
      "remove this rule: the mesh has none like it in the chain ISTIO_OUTPUT",
    ]);
  });
});
