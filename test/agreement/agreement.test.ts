import fc from "fast-check";
import { afterAll, beforeAll, expect, describe as suite, test } from "vitest";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { countRuns } from "../thoroughness.ts";
import { arbitraryAgreementCase } from "./agreement-case.ts";
import { compareCase, describe } from "./compare.ts";

/** `npm run agree` drives many more; a seed that it prints can be given here. */
const RULE_SETS = countRuns(2);
const FLOWS = 120;
const SEED = Number(process.env["LANDFALL_SEED"] ?? 1);

suite.each(["nft", "legacy"] as const)("simulator and kernel, rules by %s", (variant) => {
  let sandbox: AgentSandbox;
  beforeAll(async () => {
    sandbox = new AgentSandbox(await startNetnsWorld(), variant);
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  test.each([
    [4, "tcp", "iptables"],
    [6, "tcp", "iptables"],
    [4, "mixed", variant === "nft" ? "nft" : "iptables"],
    [6, "mixed", variant === "nft" ? "mixed" : "iptables"],
    [variant === "nft" ? 4 : 6, "icmp", variant === "nft" ? "nft" : "iptables"],
  ] as const)(
    "simulator and kernel land every flow of IPv%i (protocol: %s) in the same place, under random rules of %s",
    async (family, protocol, format) => {
      const drawn = arbitraryAgreementCase(family, FLOWS, protocol, format);
      const cases = fc.sample(drawn, { seed: SEED, numRuns: RULE_SETS });
      let compared = 0;
      for (const one of cases) {
        const comparison = await compareCase(one, sandbox);
        compared += comparison.compared;
        const differences = comparison.disagreements.map(
          ({ request: { flow, manner }, predicted, observed }) =>
            `${renderFlowText(flow.spec)} (${manner}): predicted ${describe(predicted)}, observed ${describe(observed)}`,
        );
        expect(differences).toEqual([]);
      }
      expect(compared).toBeGreaterThan((RULE_SETS * FLOWS) / 2);
    },
    240_000,
  );
});
