import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../harness/analysis/diff.ts";
import type { AnalysisSetting } from "../../harness/analysis/flows/partition.ts";
import { mapFlows } from "../../harness/analysis/map.ts";
import { abstractLanding } from "../../harness/analysis/pod/abstract-landing.ts";
import { listProperties } from "../../harness/analysis/proof/properties.ts";
import { proveProperties } from "../../harness/analysis/proof/prove.ts";
import { parseProperties } from "../../harness/analysis/proof/written-property.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import { type Flow, startsInPod } from "../../harness/model/flow.ts";
import { parseFlowSet } from "../../harness/model/flow-set-text.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { type Landing, renderLandingKey } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, isLoopback } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { PodRules, Ruleset } from "../../harness/model/ruleset.ts";
import { compilePod, type Explanation } from "../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { captureOf, SHAPE } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";
import { countRuns, extendTimeout, IS_THOROUGH } from "../thoroughness.ts";
import { arbitraryRuleset } from "./arbitrary-ruleset.ts";
import { arbitrarySampledFlow } from "./sampled-flow.ts";

/** Rule sets in one run, and flows sampled for each. */
const RULESETS = countRuns(2);
const FLOWS = 40;
/** Flows of those for each of which a map of its own is made. */
const MAPPED = 8;
const TIMEOUT_MS = extendTimeout(240_000);
const CONFIG = seedConfig();
const PROMISED = listProperties(captureOf(CONFIG).contractFor(DEFAULT_ADDRESSES));
const RUNS = { numRuns: RULESETS, endOnFailure: true } as const;

const SETTING: AnalysisSetting = {
  spec: makePodSpec(captureOf(CONFIG), [], [], DEFAULT_ADDRESSES),
  addresses: DEFAULT_ADDRESSES,
  passThrough: "absent",
};

function toPod(ruleset: Ruleset): PodRules {
  const [ip, ip6] = ruleset.family === 4 ? [ruleset, null] : [null, ruleset];
  return { ip, ip6, policyRouting: NO_POLICY_ROUTING };
}

/** What `explain` says of a flow. */
function explain(rules: PodRules, flow: Flow): Explanation {
  const spec = makePodSpec(captureOf(CONFIG), [flow], [], DEFAULT_ADDRESSES, [rules]);
  return compilePod(rules, spec, DEFAULT_ADDRESSES).explain(flow, "answer", () => "");
}

/** What rules have said of a flow's packets, as far as they were followed. */
function listVerdicts({ connections }: Explanation): readonly unknown[] {
  return connections.flatMap(({ packets }) => packets.flatMap(({ steps }) => steps.map(({ verdict }) => verdict)));
}

/** The landings that `explain` leaves possible, as a map writes them; null where it cannot say what they are. */
function listPossible(explanation: Explanation, flow: Flow): ReadonlySet<string> | null {
  const { possible } = explanation;
  if (possible.length === 0) return null;
  const kinds = possible.map((landing) => abstractLanding(landing, flow, SHAPE));
  const verdicts = listVerdicts(explanation);
  const mayBeRejected = possible.some(({ kind }) => kind === "refused");
  // A refusal is a rule's where a rule has rejected a packet; where a match is not understood it may be.
  if (!mayBeRejected || !verdicts.some((verdict) => verdict === "reject" || verdict === "unknown"))
    return new Set(kinds);
  const isSure = possible.length === 1 && verdicts.includes("reject");
  return new Set(isSure ? ["rejected"] : [...kinds, "rejected"]);
}

/** The setting for one flow alone, as `--within` gives it. */
function settingOf(flow: Flow): AnalysisSetting {
  const parsed = parseFlowSet(writeSet(flow), "test", { addresses: DEFAULT_ADDRESSES, shape: SHAPE });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return { ...SETTING, within: parsed.value };
}

/** A flow's text; that of a socket bound to what its route gives anyway says no source, as it is the same flow. */
function writeSet({ spec, from, to, family }: Flow): string {
  const flow = renderFlowText(spec);
  const own = DEFAULT_ADDRESSES.pod[family];
  const routed = isLoopback(to.address) ? (family === 4 ? "127.0.0.1" : to.address) : own;
  return startsInPod({ from }) && from.address === routed ? flow.replace(/@\S+/, "") : flow;
}

/** A third rule multiplies the classes that `prove` has to judge. */
const RULES_TO_PROVE = IS_THOROUGH ? 3 : 2;

function rulesAndFlows(family: Family, rulesAtMost = 3) {
  return arbitraryRuleset({ family, vocabulary: "whole", rulesAtMost }).chain((ruleset) => {
    const flows = fc.array(arbitrarySampledFlow(family, ruleset), { minLength: FLOWS, maxLength: FLOWS });
    return fc.tuple(fc.constant(toPod(ruleset)), flows);
  });
}

function isKnown({ kind }: Landing): boolean {
  return kind !== "could-not-look";
}

const isOut = (flow: Flow) => startsInPod(flow) && !isOwn(flow) && !isLoopback(flow.from.address);
const isOwn = ({ to, family }: Flow) => isLoopback(to.address) || to.address === DEFAULT_ADDRESSES.pod[family];
const isIn = (flow: Flow) => !startsInPod(flow);
const isAsDialled = (landing: Landing, flow: Flow) =>
  abstractLanding({ ...landing, source: null }, flow, SHAPE) === "as dialled";
const isOwnPort = ({ to }: Flow) => to.port === CONFIG.proxyPort || to.port === CONFIG.inboundCapturePort;

/** What a property says, written out by hand: which flows it concerns for certain, and how one breaks it for certain. */
interface Claim {
  readonly name: string;
  readonly concerns: (flow: Flow) => boolean;
  readonly isBroken: (landing: Landing, flow: Flow) => boolean;
}

const CLAIMS: readonly Claim[] = [
  {
    name: "outbound-captured",
    concerns: (flow) => isOut(flow) && flow.from.uid !== 1337 && flow.from.gid !== 1337 && !isOwnPort(flow),
    isBroken: ({ listener }) => listener !== "envoy-outbound",
  },
  {
    name: "loopback-untouched",
    concerns: (flow) => startsInPod(flow) && ["127.0.0.1", "::1"].includes(flow.to.address) && !isOwnPort(flow),
    isBroken: (landing, flow) => landing.kind !== "refused" && !isAsDialled(landing, flow),
  },
  { name: "none-out-as-dialled", concerns: isOut, isBroken: (landing, flow) => isAsDialled(landing, flow) },
  { name: "no-silence", concerns: isIn, isBroken: ({ kind }) => kind === "timed-out" || kind === "unanswered" },
  {
    name: "inbound-on-app",
    concerns: (flow) => isIn(flow) && flow.to.port === 8080,
    isBroken: ({ listener }) => listener !== "app",
  },
];

function writtenProperties(family: Family) {
  const six = family === 6 ? "6" : "";
  const inbound = [`client${six} -> pod${six}:*`, `upstream${six} -> pod${six}:*`];
  const parsed = parseProperties(
    [
      { name: "none-out-as-dialled", flows: `uid=* -> elsewhere${six}:*`, never: "as dialled" },
      { name: "no-silence", flows: inbound, never: ["timed-out", "unanswered"] },
      { name: "inbound-on-app", flows: inbound.map((flows) => flows.replace("*", "8080")), lands: "app:8080" },
    ],
    "test",
    SHAPE,
    [],
    DEFAULT_ADDRESSES,
  );
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return parsed.value;
}

/** Holds what `diff` says of each flow against its two landings; gives how many differ. */
function countDifferences(
  family: Family,
  [before, after]: readonly [PodRules, PodRules],
  flows: readonly Flow[],
): number {
  const changes = diffRulesets({ family, before, after, setting: SETTING });
  const told = flows
    .map((flow) => ({ flow, was: explain(before, flow), is: explain(after, flow) }))
    .filter(({ was, is }) => isKnown(was.landing) && isKnown(is.landing));
  for (const { flow, was, is } of told) {
    const found = changes.filter(({ holds }) => holds(flow)).map(({ kinds }) => `${kinds.before}, then ${kinds.after}`);
    const expected = isAlike(was, is) ? [] : [`${writeKind(was, flow)}, then ${writeKind(is, flow)}`];
    expect([renderFlowText(flow.spec), ...new Set(found)]).toEqual([renderFlowText(flow.spec), ...expected]);
  }
  return told.filter(({ was, is }) => !isAlike(was, is)).length;
}

/** Whether a rule has refused a flow, and not the end that it reached: a port where nobody listens is another flow's listener. */
function isRejected(explanation: Explanation): boolean {
  return explanation.landing.kind === "refused" && listVerdicts(explanation).includes("reject");
}

function isAlike(was: Explanation, is: Explanation): boolean {
  return renderLandingKey(was.landing) === renderLandingKey(is.landing) && isRejected(was) === isRejected(is);
}

function writeKind(explanation: Explanation, flow: Flow): string {
  return isRejected(explanation) ? "rejected" : abstractLanding(explanation.landing, flow, SHAPE);
}

/** Holds every claim against what `prove` says; gives how often a flow breaks one. */
function countBreaches(family: Family, rules: PodRules, flows: readonly Flow[]): number {
  const results = proveProperties(rules, captureOf(CONFIG), SETTING, [...PROMISED, ...writtenProperties(family)]);
  // An IPv4 pod's config demands nothing of IPv6 that leaves.
  const claims = CLAIMS.filter(({ name }) => family === 4 || name !== "outbound-captured");
  const asked = claims.flatMap((claim) => flows.filter(claim.concerns).map((flow) => ({ claim, flow })));
  const breaches = asked.map(({ claim: { name, isBroken }, flow }) => {
    const { holds = true, classes = 0 } = results.find((each) => each.name === name) ?? {};
    const { landing } = explain(rules, flow);
    const isBreach = isKnown(landing) && isBroken(landing, flow);
    expect([name, renderFlowText(flow.spec), landing, classes > 0, isBreach && holds]).toEqual([
      name,
      renderFlowText(flow.spec),
      landing,
      true,
      false,
    ]);
    return isBreach;
  });
  return breaches.filter((isBreach) => isBreach).length;
}

describe.each(FAMILIES)("over IPv%i, for any flow", (family) => {
  test("the classes of map that hold it land where explain lands it", () => {
    let known = 0;
    fc.assert(
      fc.property(rulesAndFlows(family), ([rules, flows]) => {
        for (const flow of flows.slice(0, MAPPED)) {
          const explained = explain(rules, flow);
          const possible = listPossible(explained, flow);
          // The set that the flow's text names has flows from every port and with every mark in it; asked about is the plain one.
          const rows = mapFlows(rules, family, settingOf(flow)).filter(
            ({ witness: { flow: each } }) =>
              each.from.port === flow.from.port && (each.from.mark ?? 0) === (flow.from.mark ?? 0),
          );
          const kinds = rows.map(({ kind }) => kind);
          expect([renderFlowText(flow.spec), kinds.length > 0]).toEqual([renderFlowText(flow.spec), true]);
          if (isKnown(explained.landing)) known += 1;
          const told = isKnown(explained.landing) ? kinds : kinds.filter((kind) => kind !== "could-not-look");
          const stray = told.filter((kind) => possible !== null && !possible.has(kind));
          expect([renderFlowText(flow.spec), [...(possible ?? [])].join(), ...stray]).toEqual([
            renderFlowText(flow.spec),
            [...(possible ?? [])].join(),
          ]);
        }
      }),
      RUNS,
    );
    expect(known).toBeGreaterThan(0);
  });

  test("a class of diff holds it exactly if explain lands it differently, and both name the same landings", {
    timeout: TIMEOUT_MS,
  }, () => {
    const pair = fc.tuple(rulesAndFlows(family, 3), arbitraryRuleset({ family, vocabulary: "whole", rulesAtMost: 2 }));
    let different = 0;
    fc.assert(
      fc.property(pair, ([[before, flows], other]) => {
        const after = toPod(other);
        different += countDifferences(family, [before, after], flows);
      }),
      // Many pairs that are drawn land every flow alike.
      { ...RUNS, numRuns: 3 * RULESETS },
    );
    expect(different).toBeGreaterThan(0);
  });

  test("prove says of no property that it holds if the flow breaks it, and counts a class for each that concerns it", {
    timeout: TIMEOUT_MS,
  }, () => {
    let broken = 0;
    fc.assert(
      fc.property(rulesAndFlows(family, RULES_TO_PROVE), ([rules, flows]) => {
        broken += countBreaches(family, rules, flows);
      }),
      RUNS,
    );
    expect(broken).toBeGreaterThan(0);
    // Every clause of the contract is a property, and each is asked of every rule set that is drawn.
  });
});
