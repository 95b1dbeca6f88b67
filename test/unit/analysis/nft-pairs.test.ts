import { describe, expect, test } from "vitest";
import { type Change, diffRulesets } from "../../../harness/analysis/diff.ts";
import { listConcerned } from "../../../harness/analysis/flows/concerned-protocols.ts";
import type { AnalysisSetting } from "../../../harness/analysis/flows/partition.ts";
import { FAMILIES } from "../../../harness/model/address.ts";
import type { Flow } from "../../../harness/model/flow.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { emptyRuleset, type PodRules } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { takeShare } from "../../thoroughness.ts";
import {
  flowFor,
  iptablesRules,
  isOwn,
  nameLanding,
  nftRules,
  type PairItem,
  type RecordedLanding,
  readItems,
  routingOf,
  specFor,
} from "../nft-vectors.ts";

const pairs = readItems<PairItem>("nft-pairs.json");

describe("diff tells an nft rule set from one of iptables exactly where the kernel does, over all flows of TCP and UDP", () => {
  test.each(takeShare(pairs, 6).map((pair) => [pair.name, pair] as const))("%s", (_, pair) => {
    const { before, after, spec } = rulesOf(pair);
    const setting: AnalysisSetting = {
      spec,
      addresses: DEFAULT_ADDRESSES,
      passThrough: "absent",
      protocols: listConcerned(listRulesets(before, after)),
    };
    // Only the pairs that are about marks were driven from sockets that have one.
    const isOfMarks = JSON.stringify(pair.telling).includes("mark=") || pair.name.startsWith("ambient");
    const changes = FAMILIES.flatMap((family) => diffRulesets({ family, before, after, setting })).filter(
      ({ witness }) => isOfMarks || (witness.flow.from.mark ?? 0) === 0,
    );
    const recordedTelling = Object.keys(pair.telling).filter(isOwn);
    const telling = recordedTelling.filter((text) => !OTHER_SOURCE.test(text));
    const missed = telling.filter((text) => !changes.some((change) => isOf(flowFor(text, spec.shape), change, pair)));
    expect(missed).toEqual([]);
    if (recordedTelling.length === 0) expect(changes.map((change) => change.class)).toEqual([]);
    const [old, fresh] = [before, after].map((rules) => compilePod(rules, spec, DEFAULT_ADDRESSES));
    const landings = telling.map((text) => {
      const flow = flowFor(text, spec.shape);
      return [
        text,
        old && nameKnown(text, old.land(flow, "answer"), pair.telling[text]?.iptables),
        fresh && nameKnown(text, fresh.land(flow, "answer"), pair.telling[text]?.nft),
      ];
    });
    const recorded = telling.map((text) => {
      const both = pair.telling[text];
      return [text, both && nameRecorded(text, both.iptables), both && nameRecorded(text, both.nft)];
    });
    expect(landings).toEqual(recorded);
  });
});

/** Flows from the pod with another host's address, which no plain socket can have. */
const OTHER_SOURCE = /^\w+(?:,mark=\w+)?@.* -> pod/;

/** Of sockets with a mark, one stands for all marks that the rules treat alike. */
function isOf(flow: Flow, { witness, holds }: Change, { name }: PairItem): boolean {
  const { mark: _, ...from } = flow.from;
  const { mark } = witness.flow.from;
  if (flow.from.mark !== undefined && mark === undefined && name.startsWith("ambient")) return false;
  return holds({ ...flow, from: flow.from.mark === undefined || mark === undefined ? from : { ...from, mark } });
}

/** A recorded listener of datagrams does not know what was dialled, unless TPROXY leaves it as it is. */
function nameKnown(text: string, landing: Landing, recorded: RecordedLanding | undefined): string {
  const isUnknown = text.endsWith("/udp") && recorded?.originalDestination === null;
  const told = isUnknown ? { ...landing, originalDestination: null } : landing;
  return nameSilence(text, nameLanding(told as RecordedLanding));
}

function nameRecorded(text: string, recorded: RecordedLanding): string {
  return nameSilence(text, nameLanding(recorded));
}

/** The recordings call a datagram timed out whose answer was lost: who sent it cannot tell. */
function nameSilence(text: string, name: string): string {
  return text.endsWith("/udp") && name === "unanswered" ? "timed-out" : name;
}

function listRulesets(...sides: readonly PodRules[]) {
  return sides.flatMap(({ ip, ip6 }) => [ip, ip6]).filter((ruleset) => ruleset !== null);
}

function rulesOf(pair: PairItem): { readonly before: PodRules; readonly after: PodRules; readonly spec: PodSpec } {
  const policyRouting = routingOf(pair.setup);
  const nft = nftRules(pair.nft);
  const spec = specFor(Object.keys(pair.telling).filter(isOwn), {
    ...(pair.name.startsWith("istio-tproxy") ? { interceptionMode: "TPROXY" as const } : {}),
    ...(pair.name.startsWith("linkerd")
      ? { proxyPort: 4140, inboundCapturePort: 4143, proxyUid: ["2102"], proxyGid: ["2102"] }
      : {}),
  });
  const udp = pair.listeners.flatMap(([, protocol, port]) => (protocol === "udp" ? [port] : []));
  const peers = { ...spec.udp, app: [...(spec.udp?.app ?? []), ...udp] } as NonNullable<PodSpec["udp"]>;
  return {
    before: { ip: iptablesRules(pair.iptables, 4), ip6: iptablesRules(pair.ip6tables, 6), policyRouting },
    after: { ip: nft.ip ?? emptyRuleset(4), ip6: nft.ip6 ?? emptyRuleset(6), policyRouting },
    spec: { ...spec, udp: peers },
  };
}
