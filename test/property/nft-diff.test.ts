import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../harness/analysis/diff.ts";
import { renderLandingKey } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { emptyRuleset, type PodRules } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { takeShare } from "../thoroughness.ts";
import { flowFor, nftRules, readItems, routingOf, type SemanticsItem, specFor } from "../unit/nft-vectors.ts";

/** The analysis refuses a mask of one bit, which cuts the addresses into more ranges than it can take apart. */
const TOO_MANY_RANGES = "ip-mask";
/** Items of one source of rules that need nothing around them. */
const items = readItems<SemanticsItem>("nft-semantics.json").filter(
  ({ name, nft, load, setup, nondeterministic }) =>
    name !== TOO_MANY_RANGES && nft !== null && !load && !setup && !nondeterministic,
);

/** Flows at and beside the values that the items' rules name. */
const FLOWS = ["app", "envoy", "root", "uid=1001,gid=1001", "uid=1000,gid=1337", "uid=2000,gid=0"].flatMap((actor) =>
  [
    "upstream",
    "pod",
    "client",
    "localhost",
    "10.96.0.1",
    "10.96.0.2",
    "upstream6",
    "pod6",
    "localhost6",
    "[2001:db8::1]",
  ].flatMap((target) => [22, 53, 79, 80, 81, 443, 8080, 15001].map((port) => `${actor} -> ${target}:${port}`)),
);
const INBOUND = ["client", "upstream"].flatMap((actor) =>
  ["pod", "pod6"].flatMap((target) =>
    [22, 80, 8080, 9090, 15006, 15020].map((port) => `${actor} -> ${target}:${port}`),
  ),
);

function podRules({ nft }: SemanticsItem): PodRules {
  const { ip, ip6 } = nftRules(nft ?? "");
  return { ip: ip ?? emptyRuleset(4), ip6: ip6 ?? emptyRuleset(6), policyRouting: routingOf() };
}

describe("no flow that two nft rule sets land differently is missing from their diff", () => {
  const pairs = items.map((item, i) => [item, items[(i * 7 + 3) % items.length] ?? item] as const);
  test.each(takeShare(pairs, 10).map(([one, other]) => [`${one.name} and ${other.name}`, one, other] as const))(
    "%s",
    (_, one, other) => {
      const texts = `${one.nft} ${other.nft}`;
      const flows = [...FLOWS, ...INBOUND];
      const spec = specFor(flows, { interceptionMode: texts.includes("tproxy") ? "TPROXY" : "REDIRECT" });
      const [before, after] = [podRules(one), podRules(other)];
      const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;
      const changes = ([4, 6] as const).flatMap((family) => diffRulesets({ family, before, after, setting }));
      const pods = [before, after].map((rules) => compilePod(rules, spec, DEFAULT_ADDRESSES));
      const missed = flows.filter((text) => {
        const flow = flowFor(text, spec.shape);
        const [was, is] = pods.map((pod) => pod.land(flow, "answer"));
        if (!was || !is || was.kind === "could-not-look" || is.kind === "could-not-look") return false;
        return renderLandingKey(was) !== renderLandingKey(is) && !changes.some(({ holds }) => holds(flow));
      });
      expect(missed).toEqual([]);
    },
  );
});
