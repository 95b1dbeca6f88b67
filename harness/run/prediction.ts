import { quoteRule } from "../formats/rule-text.ts";
import type { Landing } from "../model/landing.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { NO_POLICY_ROUTING } from "../model/policy-routing.ts";
import type { RulePlace } from "../model/rule-place.ts";
import type { PodRules } from "../model/ruleset.ts";
import { compilePod } from "../netfilter/simulator.ts";
import { findDecidingPlace, findDroppingPolicy, listPlaces, listSteps } from "../netfilter/steps.ts";
import type { Installation, Sandbox } from "../sandbox/sandbox.ts";
import { readPolicyRouting } from "./rules/printed-routing.ts";
import type { BoundScenario } from "./scenario/bound-scenario.ts";

/** What the simulator says of one flow: its landing, and the rules that take it, in the order in which they were met. */
export interface Prediction {
  readonly landing: Landing;
  /** The rules that matched, each once, in the order in which the packets meet them. */
  readonly rules: readonly RulePlace[];
  /** The place that decides, as {@link findDecidingPlace} gives it. */
  readonly deciding: RulePlace | null;
}

/**
 * Gives what the simulator says of every flow under these rules, in the flows' order: where it lands, and which rules take it. A landing is
 * `could-not-look` where it depends on a match that is not understood.
 *
 * @example
 * predictFlows({ spec, flows: [{ flow, manner: "answer" }] }, rules, DEFAULT_ADDRESSES)[0]   // app -> upstream:80
 * // { landing: { kind: "listener", listener: "envoy-outbound", port: 15001, originalDestination: "10.244.0.4:80", … },
 * //   rules: [{ family: 4, table: "nat", chain: "OUTPUT", index: 1, rule: "-A OUTPUT -j ISTIO_OUTPUT" }, …] }
 */
export function predictFlows(
  { spec, flows }: Pick<BoundScenario, "spec" | "flows">,
  rules: PodRules,
  addresses: SandboxAddresses,
): readonly Prediction[] {
  const simulator = compilePod(rules, spec, addresses);
  return flows.map(({ flow, manner }) => {
    const { landing, connections } = simulator.explain(flow, manner, (chain, rule) =>
      quoteRule(chain, rule, flow.family),
    );
    const rules = listPlaces(listSteps(connections).filter(({ matched }) => matched === true));
    // What the proxy sends on lands where its own last connection does.
    const isSentOn = manner === "forward" && findDroppingPolicy(connections) === undefined;
    return { landing, rules, deciding: findDecidingPlace(isSentOn ? connections.slice(-1) : connections, flow.family) };
  });
}

/**
 * Gives the rules that are in the pod: those of the installation, or what a script has put in, read back from the kernel with its policy
 * routing. The installation must be in.
 */
export async function readRulesInPod(installation: Installation, sandbox: Sandbox): Promise<PodRules> {
  if (installation.kind !== "script") return installation.rules;
  const [counted, evidence] = [await sandbox.counters(), await sandbox.gatherEvidence()];
  return { ...counted, policyRouting: "routing" in evidence ? readPolicyRouting(evidence.routing) : NO_POLICY_ROUTING };
}
