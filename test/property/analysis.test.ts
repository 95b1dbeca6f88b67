import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, diffRulesets } from "../../harness/analysis/diff.ts";
import { classifyFlows } from "../../harness/analysis/flows/flow-classes.ts";
import { locateFlow } from "../../harness/analysis/flows/flow-location.ts";
import type { AnalysisSetting } from "../../harness/analysis/flows/partition.ts";
import { makeMutants } from "../../harness/analysis/mutants/mutants.ts";
import { abstractLanding } from "../../harness/analysis/pod/abstract-landing.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import type { Flow, FlowProtocol } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { holdsFlow } from "../../harness/model/flow-set.ts";
import { parseFlowSet } from "../../harness/model/flow-set-text.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import { type Landing, landingsAgree, renderLandingKey } from "../../harness/model/landing.ts";
import {
  APP_PORTS,
  addressOwner,
  DEFAULT_ADDRESSES,
  isLoopback,
  PASS_THROUGH_IPV6,
  type PodSpec,
} from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { SHAPE, shapeOf } from "../istio-pod.ts";
import { countRuns } from "../thoroughness.ts";
import { arbitraryAddress, arbitraryId, arbitraryPort } from "./arbitrary-rule.ts";
import { arbitraryRuleset } from "./arbitrary-ruleset.ts";

/** Rule sets, and flows driven through each, in one run. A failure is told as it is drawn: to shrink two rule sets takes minutes. */
const RULESETS = countRuns(1);
const FLOWS = 60;
const SPEC: PodSpec = {
  shape: shapeOf({ interceptionMode: "TPROXY", kubevirtInterfaces: ["vm0"], podIps: ["fd00:244::2"] }),
  listen: APP_PORTS,
  upstreamPorts: [],
  clientPorts: [],
  upstreamAddresses: [],
};

/** By UDP an analysis is asked about what sockets of the pod send that are not bound to an address. */
function settingOf(family: Family, protocol: FlowProtocol): AnalysisSetting {
  const setting = { spec: SPEC, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;
  if (protocol === "tcp") return setting;
  const parsed = parseFlowSet(family === 4 ? "uid=* -> 0.0.0.0/0:*/udp" : "uid=* -> [::/0]:*/udp", "", {
    addresses: DEFAULT_ADDRESSES,
    shape: SPEC.shape,
    protocols: ["udp"],
  });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return { ...setting, within: parsed.value };
}

function toPod(ruleset: Ruleset): PodRules {
  const [ip, ip6] = ruleset.family === 4 ? [ruleset, null] : [null, ruleset];
  return { ip, ip6, policyRouting: NO_POLICY_ROUTING };
}

function arbitraryFlow(family: Family, protocol: FlowProtocol): fc.Arbitrary<Flow> {
  const suffix = family === 6 ? "6" : "";
  const wrap = (address: string) => (family === 6 ? `[${address}]` : address);
  const owners = fc.tuple(arbitraryId, arbitraryId).map(([uid, gid]) => `uid=${uid},gid=${gid}`);
  const inPod = fc.oneof(fc.constantFrom("app", "envoy", "root"), owners);
  const sources = family === 4 ? ["127.0.0.6", DEFAULT_ADDRESSES.pod[4]] : [`[${DEFAULT_ADDRESSES.pod[6]}]`, "[::1]"];
  const bound = fc.tuple(inPod, fc.constantFrom(...sources)).map(([actor, source]) => `${actor}@${source}`);
  const pod = fc.tuple(fc.oneof(inPod, inPod, bound), arbitraryAddress(family).map(wrap), arbitraryPort);
  const outside = fc.tuple(
    fc.constantFrom(`client${suffix}`, `upstream${suffix}`),
    fc.constant(`pod${suffix}`),
    arbitraryPort,
  );
  return fc.oneof(pod, outside).map(([actor, target, port]) => {
    const parsed = parseFlowText(`${actor} -> ${target}:${port}/${protocol}`, SHAPE);
    if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
    return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SPEC.shape);
  });
}

/** Lands one flow by the simulator alone, its peers listening on every port and owning every address it may be sent to. */
function landAlone(rules: PodRules, others: readonly PodRules[], flow: Flow): Landing {
  const targets = [rules, ...others].flatMap(({ ip, ip6 }) =>
    [ip, ip6].flatMap(
      (set) =>
        set?.tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules.map((rule) => rule.target))) ?? [],
    ),
  );
  const nat = targets.flatMap((target) => (target?.kind === "dnat" || target?.kind === "redirect" ? [target] : []));
  const ports = [flow.to.port, ...nat.flatMap((target) => target.ports?.first ?? [])];
  const reached = [
    flow.to.address,
    ...nat.flatMap((target) => ("addresses" in target && target.addresses ? [target.addresses.first] : [])),
  ];
  const own: readonly string[] = Object.values(DEFAULT_ADDRESSES.upstream);
  const strangers = reached.filter(
    (address) =>
      !isLoopback(address) && addressOwner(address, DEFAULT_ADDRESSES) === "upstream" && !own.includes(address),
  );
  const udp = { app: SPEC.listen, upstream: ports, client: ports };
  const spec = { ...SPEC, upstreamPorts: ports, clientPorts: ports, udp, upstreamAddresses: [...new Set(strangers)] };
  return compilePod(rules, spec, DEFAULT_ADDRESSES).land(flow, "answer");
}

/**
 * Says whether the analysis says anything of a flow: it is asked about, and a host can dial it. `::6`, the pod's own or nobody's, is
 * nobody's here.
 */
function isAnalysed(flow: Flow, { within }: AnalysisSetting): boolean {
  const { family, from, to } = flow;
  const isAsked = within === undefined || holdsFlow(within, flow, DEFAULT_ADDRESSES);
  const dials = Object.values(DEFAULT_ADDRESSES).some((host) => host[family] === from.address);
  return isAsked && (dials || isLoopback(from.address)) && to.address !== PASS_THROUGH_IPV6;
}

/** Holds a flow's landings under two rule sets against the class of the diff that has it, or against each other where none has. */
function checkChange(flow: Flow, before: PodRules, after: PodRules, changes: readonly Change[]): void {
  const [was, is] = [landAlone(before, [after], flow), landAlone(after, [before], flow)];
  const change = changes.find(({ holds }) => holds(flow));
  if (change) {
    const { witness } = change;
    const seen = [
      abstractLanding(change.before, witness.flow, SPEC.shape),
      abstractLanding(change.after, witness.flow, SPEC.shape),
    ];
    expect([
      renderFlowText(flow.spec),
      abstractLanding(was, flow, SPEC.shape),
      abstractLanding(is, flow, SPEC.shape),
    ]).toEqual([renderFlowText(flow.spec), ...seen]);
    return;
  }
  const isSame = renderLandingKey(was) === renderLandingKey(is) && landingsAgree(was, is);
  if (was.kind !== "could-not-look")
    expect([renderFlowText(flow.spec), isSame]).toEqual([renderFlowText(flow.spec), true]);
}

const SETTINGS = FAMILIES.flatMap((family) => [[family, "tcp"] as const, [family, "udp"] as const]);

describe.each(SETTINGS)("over IPv%i and %s", (family, protocol) => {
  test("every flow lands as the witness of its class does", () => {
    fc.assert(
      fc.property(
        arbitraryRuleset({ family, vocabulary: "simulated" }),
        fc.array(arbitraryFlow(family, protocol), { minLength: FLOWS, maxLength: FLOWS }),
        (ruleset, flows) => {
          const rules = toPod(ruleset);
          const lanes = classifyFlows(rules, family, settingOf(family, protocol));
          for (const flow of flows) {
            for (const { lane, diagram, space, classes, land } of lanes) {
              const terminal = locateFlow(diagram, flow, new Map(), lane, space);
              const own = classes.find((flowClass) => flowClass.terminal === terminal);
              if (!own) continue;
              const expected = abstractLanding(land(own, "answer"), own.witness.flow, SPEC.shape);
              expect([
                renderFlowText(flow.spec),
                abstractLanding(landAlone(rules, [], flow), flow, SPEC.shape),
              ]).toEqual([renderFlowText(flow.spec), expected]);
            }
          }
        },
      ),
      { numRuns: RULESETS, endOnFailure: true },
    );
  });

  test("a flow lands differently under two rule sets exactly if some class of the diff holds it, and as that class says", () => {
    const any = arbitraryRuleset({ family, vocabulary: "simulated" });
    const pair = any.chain((before) => {
      const mutants = makeMutants(toPod(before)).flatMap(({ rules }) => rules.ip ?? rules.ip6 ?? []);
      return fc.tuple(fc.constant(before), mutants.length > 0 ? fc.constantFrom(...mutants) : any);
    });
    fc.assert(
      fc.property(
        pair,
        fc.array(arbitraryFlow(family, protocol), { minLength: FLOWS, maxLength: FLOWS }),
        (rulesets, flows) => {
          const [before, after] = [toPod(rulesets[0]), toPod(rulesets[1])];
          const setting = settingOf(family, protocol);
          const changes = diffRulesets({ family, before, after, setting });
          const own = changes.map(({ witness }) => witness.flow);
          const analysed = [...flows, ...own].filter((flow) => isAnalysed(flow, setting));
          for (const flow of analysed) checkChange(flow, before, after, changes);
        },
      ),
      { numRuns: RULESETS, endOnFailure: true },
    );
  });
});
