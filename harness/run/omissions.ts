import { generateRules } from "../capture/dialects.ts";
import { proxyOwner } from "../capture/intent-flows.ts";
import { parseFlowText, resolveFlow } from "../model/flow-text.ts";
import { type Landing, landingsAgree } from "../model/landing.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { Omission } from "../model/report.ts";
import { NO_POLICY_ROUTING, type PodRules, type PolicyRouting } from "../model/ruleset.ts";
import { compilePod } from "../netfilter/simulator.ts";
import type { BoundScenario } from "./bound-scenario.ts";

/** A link of the pod that no rule names: what comes in there for somebody else passes through. */
const LINK = "passing0";
const WHY =
  "With TPROXY this routing brings to the proxy what is not for the pod's own addresses. No driven flow shows it: the sandbox's pod is dialled at its own alone.";

/**
 * Gives what a script leaves out although the capture config demands it, and no driven flow shows: with TPROXY the policy routing. A flow
 * that passes through the pod is simulated under the config's own rules and under the script's, so that other marks and tables do as well.
 * Where the script has no TPROXY rule, or a virtual machine's flows pass through the pod, the driven flows say what is wrong.
 */
export function findOmissions(
  { installation, config, spec, flows }: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): readonly Omission[] {
  const own = generateRules(config);
  const isShown = flows.some(({ flow }) => flow.from.actor === "vm");
  if (installation.kind !== "script" || isShown || own.policyRouting.rules.length === 0 || !usesTproxy(tested))
    return [];
  const ports = flows.filter(({ flow }) => flow.from.actor === "client").map(({ flow }) => flow.to.port);
  const land = (rules: PodRules, witness: string): Landing => {
    const passed = { ...spec, kubevirtInterfaces: [LINK], upstreamPorts: [...new Set(ports)] };
    return compilePod(rules, passed, addresses).land(parseFlow(witness), "answer");
  };
  const parseFlow = (text: string) => {
    const parsed = parseFlowText(text);
    if (!parsed.ok) throw new RangeError(`"${text}" is no flow`);
    return resolveFlow(parsed.value, addresses, proxyOwner(config));
  };
  for (const port of ports) {
    const witness = `vm -> upstream:${port}`;
    const [expected, predicted] = [land(own, witness), land(tested, witness)];
    const without = land({ ...own, policyRouting: NO_POLICY_ROUTING }, witness);
    if (landingsAgree(expected, without)) continue;
    if (landingsAgree(expected, predicted)) return [];
    return [{ missing: listMissing(own.policyRouting, tested.policyRouting), witness, expected, predicted, why: WHY }];
  }
  return [];
}

function usesTproxy({ ip }: PodRules): boolean {
  const rules = ip?.tables.flatMap(({ chains }) => chains.flatMap((chain) => chain.rules)) ?? [];
  return rules.some(({ target }) => target?.kind === "tproxy");
}

function listMissing(own: PolicyRouting, tested: PolicyRouting): readonly string[] {
  const missing = (["rules", "routes"] as const).flatMap((kind) =>
    own[kind].filter((line) => !tested[kind].includes(line)).map((line) => ({ kind, line })),
  );
  return missing.map(({ kind, line }) => `ip ${kind === "rules" ? "rule" : "route"} add ${line}`);
}
