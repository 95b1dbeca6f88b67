import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { istioAmbient } from "../../harness/meshes/istio-ambient/mesh.ts";
import { isLanding, meetsExpectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Ruleset } from "../../harness/model/ruleset.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { AMBIENT_CASES, outlineOf, prepareAmbient } from "../property/ambient-setup.ts";
import { readTyped } from "../typed-input.ts";
import { inputOf, type RulesByPlace, readVectors, recordedRules, type Vector } from "../unit/meshes/vectors.ts";
import { driveTwice } from "./drive-twice.ts";

const VECTORS = readVectors("istio-ambient.json").map((vector): readonly [string, Vector] => [vector.name, vector]);

/** Loads a rule set in a network namespace of its own, and gives the rules that the kernel then has, by family and table. */
function load({ family, tables }: Ruleset, text: string, variant: string): RulesByPlace {
  if (tables.length === 0) return {};
  const tool = `${family === 4 ? "iptables" : "ip6tables"}-${variant}`;
  const give = `printf '%s' "$1"`;
  const script = `${give} | ${tool}-restore --test; ${give} | ${tool}-restore; ${tool}-save`;
  const saved = execFileSync("unshare", ["-n", "sh", "-ec", script, "sh", text], { encoding: "utf8" });
  return Object.fromEntries(
    [...saved.matchAll(/^\*(\w+)\n([\s\S]*?)^COMMIT$/gm)].map(([, table = "", body = ""]) => [
      `${family === 4 ? "ip" : "ip6"} ${table}`,
      body.split("\n").filter((line) => line.startsWith("-A ")),
    ]),
  );
}

describe.each(["nft", "legacy"])(
  "the kernel loads the rules of ambient mode through iptables-%s and lists them unchanged:",
  (variant) => {
    test.each(VECTORS)("%s", (_, vector) => {
      const input = inputOf(vector);
      const parsed = readTyped(istioAmbient, input);
      if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join("\n"));
      const { ip, ip6 } = istioAmbient.generate(parsed.value.settings, input.pod);
      const loaded = [ip, ip6].map((ruleset) => (ruleset ? load(ruleset, renderIptablesSave(ruleset), variant) : {}));
      expect(Object.assign({}, ...loaded)).toEqual(recordedRules(vector));
    });
  },
);

describe("on the kernel, flows land where the contract of ambient mode demands:", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = new AgentSandbox(await startNetnsWorld());
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each(AMBIENT_CASES)("%s", async (_, words) => {
    const { rules, spec, flows } = prepareAmbient(words, sandbox.addresses);
    await sandbox.enter(spec);
    await sandbox.install({ kind: "rules", rules });
    const wanted = flows.map(({ demanded }) => demanded);
    const seen = await driveTwice(flows, wanted, sandbox, 32);
    await sandbox.clear();
    const wrong = flows.flatMap(({ flow, manner, demanded }, i) => {
      const observed = seen[i]?.landing;
      if (demanded === null) return [];
      const [wanted, got] = [outlineOf(demanded), observed && outlineOf(observed)];
      if (observed && !isLanding(demanded) && meetsExpectation(demanded, observed)) return [];
      // Only a prediction names the port of a refusal.
      const agrees = demanded.kind === "refused" ? observed?.kind === "refused" : wanted === got;
      return agrees ? [] : [`${manner} ${renderFlowText(flow.spec)}: demanded ${wanted}, observed ${got}`];
    });
    expect(wrong).toEqual([]);
  });
});
