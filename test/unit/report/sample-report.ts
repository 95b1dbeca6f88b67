import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { flowData } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { type Hop, makeBlind, makeLanding } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { FlowReport, Omission, Report, ScenarioReport } from "../../../harness/model/report.ts";
import { summarize } from "../../../harness/model/report-summary.ts";
import type { RulePlace } from "../../../harness/model/rule-place.ts";
import { SHAPE } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

const INBOUND = makeLanding("listener", { host: "pod", listener: "envoy-inbound", port: 15006 });
const OUTBOUND = makeLanding("listener", { host: "pod", listener: "envoy-outbound", port: 15001 });
const UPSTREAM = makeLanding("listener", { host: "upstream", listener: "upstream", port: 80 });
const APP = makeLanding("listener", { host: "pod", listener: "app", port: 8080 });
const HOP: Hop = { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" };

const UID_RULE: RulePlace = {
  family: 4,
  table: "nat",
  chain: "ISTIO_OUTPUT",
  index: 3,
  rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN",
};
const IN_REDIRECT: RulePlace = {
  ...UID_RULE,
  chain: "ISTIO_IN_REDIRECT",
  index: 1,
  rule: "-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006",
};
const GID_RULE: RulePlace = {
  ...UID_RULE,
  index: 4,
  rule: "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN",
};

/** TPROXY without the rule that leads to its table. */
const SAMPLE_OMISSION: Omission = {
  missing: ["ip rule add fwmark 0x539 lookup 133"],
  witness: "vm -> upstream:80",
  expected: { ...OUTBOUND, originalDestination: "10.244.0.4:80", source: "10.245.0.2:0" },
  predicted: makeLanding("timed-out"),
  why: "It carries what passes through.",
};

/** Gives a flow's report; what is not said is that of a flow that passed unpredicted. */
export function sampleFlow(
  text: string,
  fields: Partial<FlowReport> & Pick<FlowReport, "expected" | "observed">,
): FlowReport {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new Error(`${text} is no flow`);
  const flow = resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
  return {
    ...flowData(flow),
    manner: "answer",
    chosenFor: "claim",
    predicted: null,
    verdict: "pass",
    rules: [],
    rulesBy: "nobody",
    wanted: null,
    durationMs: 0.4,
    ...fields,
  };
}

/** One flow of each verdict, one that was predicted wrongly, one that was forwarded; two scenarios. */
export function sampleReport(): Report {
  const inbound = { ...INBOUND, originalDestination: "10.244.0.2:8080" };
  const outbound = { ...OUTBOUND, originalDestination: "10.244.0.4:80" };
  const scenarios: readonly ScenarioReport[] = [
    {
      name: "seed",
      claim: "Inbound traffic lands on 15006 & outbound on 15001, each with the <address> dialled.",
      mesh: "istio-1.4",
      settings: seedConfig(),
      capture: seedConfig(),
      notices: ["IPv4: the table mangle is empty."],
      classes: null,
      notLookedAt: [],
      omissions: [],
      coverage: {
        rules: 4,
        hit: 1,
        taken: [{ ...UID_RULE, rule: "-A ISTIO_OUTPUT -j ISTIO_REDIRECT", index: 5 }],
        unhit: [UID_RULE, GID_RULE, { ...UID_RULE, index: 7, rule: "-A ISTIO_OUTPUT -m wonder -j RETURN" }],
        unreachable: [GID_RULE],
        takers: [{ rule: UID_RULE, flow: "envoy -> pod:80", manner: "answer" }],
      },
      flows: [
        sampleFlow("client -> pod:8080", {
          expected: inbound,
          predicted: inbound,
          observed: { ...inbound, source: "10.244.0.3:41234" },
          rules: [
            { ...UID_RULE, chain: "ISTIO_INBOUND", rule: "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT" },
            { ...IN_REDIRECT, file: "rules.txt", line: 16 },
            // The answer meets a rule as well.
            { ...UID_RULE, table: "filter", chain: "OUTPUT", index: 1, rule: "-A OUTPUT -p tcp -j ACCEPT" },
          ],
          decidedBy: { kind: "rule", rule: 1 },
          rulesBy: "prediction",
          wanted: null,
        }),
        sampleFlow("envoy -> upstream:80", {
          expected: UPSTREAM,
          predicted: UPSTREAM,
          observed: { ...outbound, source: "10.244.0.2:50000" },
          verdict: "wrong",
          rules: [{ ...UID_RULE, index: 5, rule: "-A ISTIO_OUTPUT -j ISTIO_REDIRECT" }],
          rulesBy: "counters",
          wanted: null,
        }),
        sampleFlow("uid=1337,gid=1000 -> upstream:80", {
          expected: UPSTREAM,
          observed: makeBlind("no-observation", "the agent's stream ended"),
          verdict: "could-not-look",
        }),
        sampleFlow("app -> upstream:80", {
          expected: outbound,
          predicted: UPSTREAM,
          observed: { ...outbound, source: "10.244.0.2:50001" },
        }),
        sampleFlow("client -> pod:8080", {
          manner: "forward",
          expected: { ...APP, source: "127.0.0.6", hops: [HOP] },
          predicted: { ...APP, source: "127.0.0.6:0", hops: [HOP] },
          observed: { ...APP, source: "127.0.0.6:40000", hops: [HOP] },
          rulesBy: "prediction",
          wanted: null,
        }),
      ],
    },
    {
      name: "no-pass-through-rule",
      claim: "Without the 127.0.0.6 rule what comes in loops.",
      mesh: "istio-1.4",
      settings: seedConfig(),
      capture: seedConfig(),
      notices: [],
      classes: null,
      notLookedAt: [],
      omissions: [],
      coverage: null,
      flows: [
        sampleFlow("client -> pod:8080", {
          manner: "forward",
          expected: makeLanding("loop"),
          observed: makeLanding("loop", { hops: Array(8).fill(HOP) }),
        }),
      ],
    },
  ];
  return {
    formatVersion: "1.0",
    sandbox: { backend: "docker", envoy: "stub", iptables: "1.8.9 (nf_tables)", kernel: "6.18.0" },
    scenarios,
    summary: summarize(scenarios, 912.5),
  };
}

/** The sample's last scenario alone, all as expected but for what its rules leave out. */
export function sampleOmissionReport(): Report {
  const report = sampleReport();
  const scenarios = report.scenarios.slice(1).map((scenario) => ({ ...scenario, omissions: [SAMPLE_OMISSION] }));
  return { ...report, scenarios, summary: summarize(scenarios, 100) };
}

/** A flow that landed as expected, and not as predicted. */
export function sampleMispredictedReport(): Report {
  const report = sampleReport();
  const scenarios = report.scenarios.slice(0, 1).map((scenario) => ({
    ...scenario,
    flows: scenario.flows.filter(({ flow }) => flow === "app -> upstream:80"),
  }));
  return { ...report, scenarios, summary: summarize(scenarios, 100) };
}
