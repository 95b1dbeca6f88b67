import { renderIpCommands } from "../../formats/ip-commands.ts";
import { isSameRoute, isSameRule } from "../../formats/same-routing.ts";
import type { Capture } from "../../model/capture.ts";
import type { Flow } from "../../model/flow.ts";
import { resolveFlow } from "../../model/flow-resolution.ts";
import { makeFlowSpec, renderFlowText } from "../../model/flow-spec.ts";
import { landingsAgree } from "../../model/landing.ts";
import { type SandboxAddresses, withLinks } from "../../model/pod.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "../../model/policy-routing.ts";
import type { Omission } from "../../model/report.ts";
import { listRules, type PodRules } from "../../model/ruleset.ts";
import { compilePod } from "../../netfilter/simulator.ts";
import type { BoundScenario } from "./bound-scenario.ts";

/** A link of the pod that no rule names: what comes in there for somebody else passes through. */
const LINK = "passing0";
const WHY =
  "With TPROXY this routing delivers traffic to the proxy that is not for the pod's own addresses. No driven flow reveals it, because flows in the sandbox dial only the pod's own addresses.";

/**
 * Gives what a script leaves out although the capture config demands it, and no driven flow shows: with TPROXY the policy routing. A flow
 * that passes through the pod is simulated under the config's own rules and under the script's, so that other marks and tables do as well.
 * Where the script has no TPROXY rule, or a virtual machine's flows pass through the pod, the driven flows say what is wrong. Where it is
 * not known how the flow lands, any rule with any route will do.
 */
export function findOmissions(
  { installation, capture, spec, ...bound }: BoundScenario,
  tested: PodRules,
  addresses: SandboxAddresses,
): readonly Omission[] {
  const own = capture.generated;
  // Which flows are asked for changes nothing in what is left out.
  const flows = bound.asked?.among ?? bound.flows;
  const isShown = flows.some(({ flow }) => flow.from.actor === "vm");
  if (installation.kind !== "script" || isShown || own === null) return [];
  if (own.policyRouting.rules.length === 0 || !usesTproxy(tested)) return [];
  const ports = [...new Set(flows.filter(({ flow }) => flow.from.actor === "client").map(({ flow }) => flow.to.port))];
  const open = (rules: PodRules) => compilePod(rules, { ...withLinks(spec, [LINK]), upstreamPorts: ports }, addresses);
  const [demanded, unrouted] = [open(own), open({ ...own, policyRouting: NO_POLICY_ROUTING })];
  const passing = ports.map((port) => passThroughPod(port, capture, addresses));
  const isRouted = (flow: Flow) => !landingsAgree(demanded.land(flow, "answer"), unrouted.land(flow, "answer"));
  const witness = passing.find(isRouted);
  if (!witness) return [];
  const [expected, predicted] = [demanded.land(witness, "answer"), open(tested).land(witness, "answer")];
  // What a listener of the pod takes was brought to it; that it is the wrong one, the driven flows show.
  if (landingsAgree(expected, predicted) || predicted.host === "pod") return [];
  if (predicted.kind === "could-not-look" && hasRouting(tested)) return [];
  const missing = listMissing(own.policyRouting, tested.policyRouting);
  return [{ missing, witness: renderFlowText(witness.spec), expected, predicted, why: WHY }];
}

function passThroughPod(port: number, { shape }: Capture, addresses: SandboxAddresses): Flow {
  return resolveFlow(makeFlowSpec({ actor: "vm", target: "upstream", family: 4, port }), addresses, shape);
}

function hasRouting({ policyRouting: { rules, routes } }: PodRules): boolean {
  return rules.length > 0 && routes.length > 0;
}

function usesTproxy({ ip }: PodRules): boolean {
  return listRules(ip).some(({ target }) => target?.kind === "tproxy");
}

function listMissing(own: PolicyRouting, tested: PolicyRouting): readonly string[] {
  const { rules, routes } = own;
  const missing: PolicyRouting = {
    rules: rules.filter((rule) => !tested.rules.some((other) => isSameRule(rule, other))),
    routes: routes.filter((route) => !tested.routes.some((other) => isSameRoute(route, other))),
    addresses: [],
  };
  return renderIpCommands(missing);
}
