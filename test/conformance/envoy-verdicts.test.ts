import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { landingsAgree } from "../../harness/model/landing.ts";
import type { FlowReport } from "../../harness/model/report.ts";
import { type ParsedScenario, parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { replaceInstallation } from "../../harness/run/scenario/tested-families.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { takeShare } from "../thoroughness.ts";

/**
 * Some of the boundary flows, all that the proxy forwards among them: behind a real Envoy a flow that is dropped costs its whole time-out,
 * alone.
 */
const MAX_FLOWS = 50;
/** Where Envoy's own dials meet silence each flow that it took costs a whole time-out of Envoy's. */
const SILENT_FLOWS = 20;
const FLAGS = ["-p", "15001", "-z", "15006", "-u", "1337", "-i", "*", "-b", "*", "-d", "15020"];

function parseFlags(): ParsedScenario {
  const scenario = { name: "flags", claim: "", capture: FLAGS, answer: { "app -> upstream:80": "refused" } };
  const parsed = parseScenario(scenario, "flags");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return { ...parsed.value, flows: "boundaries" };
}

const generated = parseFlags();
const { installation } = generated;
const GOOD = installation.kind !== "script" && installation.rules.ip ? renderIptablesSave(installation.rules.ip) : "";

/** Rule sets that stand in for the generated one, each with what is wrong in it. */
const RULE_SETS: readonly (readonly [what: string, text: string, flows?: number])[] = [
  ["as generated", GOOD],
  ["without the rule for the proxy's uid", without("uid-owner 1337")],
  ["without the rule for the proxy's gid", without("gid-owner 1337")],
  ["without both", without("owner 1337")],
  ["without the rule for the pass-through", without("127.0.0.6")],
  ["that redirect to another port", GOOD.replace("--to-ports 15001", "--to-ports 15002")],
  ["that leave a port out", GOOD.replace("-A ISTIO_OUTPUT", "-A ISTIO_OUTPUT -p tcp -m tcp --dport 80 -j RETURN\n$&")],
  ["that reject everything inbound", GOOD + rulesOf("filter", "-A INPUT -i eth0 -j REJECT"), SILENT_FLOWS],
  ["that drop everything outbound", GOOD + rulesOf("filter", "-A OUTPUT -o eth0 -j DROP"), SILENT_FLOWS],
  ["without any rule", rulesOf("nat")],
];

function without(words: string): string {
  return GOOD.split("\n")
    .filter((line) => !line.includes(words))
    .join("\n");
}

function rulesOf(table: string, ...rules: readonly string[]): string {
  return [`*${table}`, ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ...rules, "COMMIT", ""].join("\n");
}

describe("runs with a real Envoy and with the stub give the same verdicts", () => {
  let stub: Sandbox;
  let real: Sandbox;
  beforeAll(async () => {
    stub = await openSandbox("netns");
    real = await openSandbox("netns", { ...DEFAULT_SANDBOX_OPTIONS, envoy: "real" });
  });
  afterAll(() => Promise.all([stub, real].map((sandbox) => sandbox[Symbol.asyncDispose]())));

  async function judge(text: string, sandbox: Sandbox, maxFlows = MAX_FLOWS): Promise<readonly FlowReport[]> {
    const parsed = parseIptablesSave(text, { where: "rules", family: 4 });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    if (installation.kind === "script") throw new Error("flags bring rules");
    const rules = { ...installation.rules, ip: parsed.value, ip6: null };
    const scenario = replaceInstallation(generated, { kind: "rules", rules });
    if (!scenario) throw new Error("no flow is left");
    return (await runScenario(scenario, sandbox, { maxFlows })).report.flows;
  }

  test.each(takeShare(RULE_SETS, 2).map(([what, text, flows = MAX_FLOWS]) => [what, text, flows] as const))(
    "of rules %s",
    async (_, text, flows) => {
      const [byStub, byReal] = [await judge(text, stub, flows), await judge(text, real, flows)];
      const name = ({ flow, manner }: FlowReport) => `${flow} (${manner})`;
      expect(byReal.map(name)).toEqual(byStub.map(name));
      const verdictOf = (flows: readonly FlowReport[]) => [...new Set(flows.map(({ verdict }) => verdict))].sort();
      expect(verdictOf(byReal)).toEqual(verdictOf(byStub));
      for (const [i, withStub] of byStub.entries()) {
        const withReal = byReal[i];
        // Where Envoy itself is misled, a flow that it took as demanded does not end as demanded, which the stub alone does not show.
        const isMisled = withStub.verdict === "pass" && withReal?.observed === withReal?.forwarded;
        // Source ports are the kernel's choice.
        const where = `${name(withStub)} ${JSON.stringify(withReal?.observed)}`;
        if (!isMisled) expect(withReal?.verdict, where).toBe(withStub.verdict);
        if (withReal && !isMisled) expect(landingsAgree(withStub.observed, withReal.observed), where).toBe(true);
      }
    },
    180_000,
  );

  test("where every flow must be taken as before, and what Envoy dials must end elsewhere", async () => {
    const judged = await judge(without("owner 1337"), real);
    const looping = judged.filter(({ manner, observed }) => manner === "answer" && observed.kind === "loop");
    expect(looping.map(({ flow }) => flow)).toContain("app -> upstream:80");
    expect(looping.every(({ verdict, forwarded }) => verdict === "wrong" && forwarded?.kind === "loop")).toBe(true);
  });
});
