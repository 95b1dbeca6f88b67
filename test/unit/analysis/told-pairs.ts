import { expect } from "vitest";
import { type Change, diffRulesets } from "../../../harness/analysis/diff.ts";
import type { Family } from "../../../harness/model/address.ts";
import type { FlowProtocol } from "../../../harness/model/flow.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { PodRules } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { flowOf, rulesOf, SPEC, withShape } from "../netfilter/setup.ts";
import { nftRules } from "../nft-vectors.ts";

/** Two rule sets, as `load` takes them, a flow that they land differently, and one that they do not, if there is any. */
export type Pair = readonly [before: readonly string[], after: readonly string[], changed: string, unchanged?: string];

/** No rules. */
export const NONE: readonly string[] = [];

/** A pod whose upstream has addresses of both families in the documentation's ranges, each where some rule tells two of them apart. */
const POD: PodSpec = {
  ...SPEC,
  ...withShape({ interceptionMode: "TPROXY" }),
  upstreamAddresses: ["192.0.2.20", "192.0.2.40", "2001:db8::20", "2001:db8::40", "2001:db8::1:0:20", "2001:db8:1::20"],
  upstreamPorts: [80, 7005, 7020, 7050, 7100],
};

/** Marks rules as a text of nft. */
const NFT = "nft";

/** Gives a table of nft with one chain. */
export function nftChain(type: string, hook: string, ...rules: readonly string[]): readonly string[] {
  return [NFT, ...chainText("ip", type, hook, rules)];
}

/** Gives a table of nft with one chain, of IPv6. */
export function nft6Chain(type: string, hook: string, ...rules: readonly string[]): readonly string[] {
  return [NFT, ...chainText("ip6", type, hook, rules)];
}

function chainText(family: string, type: string, hook: string, rules: readonly string[]): readonly string[] {
  const priority = type === "nat" ? -100 : 0;
  return [
    `table ${family} ${type}_${hook} { chain c { type ${type} hook ${hook} priority ${priority};`,
    ...rules,
    "} }",
  ];
}

/** Reads rules: lines of `rulesOf` for IPv4 alone, since many values are of one family, or what `nftChain` gives. */
export function load(lines: readonly string[]): PodRules {
  if (lines[0] === NFT) {
    const text = lines.filter((line) => line !== NFT).join("\n");
    return { ...nftRules(text), policyRouting: NO_POLICY_ROUTING };
  }
  return rulesOf(lines.map((line) => (line.startsWith("-A") ? `4 ${line}` : line)));
}

/** Gives what the diff of two rule sets lists. */
export function findChanges(
  before: PodRules,
  after: PodRules,
  protocol: FlowProtocol = "tcp",
  family: Family = 4,
): readonly Change[] {
  const protocols = [protocol];
  const setting = { spec: POD, addresses: DEFAULT_ADDRESSES, passThrough: "absent", protocols } as const;
  return diffRulesets({ family, before, after, setting });
}

/** Gives where the simulator lands a flow under each of some rule sets. */
export function landings(rulesets: readonly PodRules[], text: string): readonly Landing[] {
  return rulesets.map((rules) => compilePod(rules, POD, DEFAULT_ADDRESSES).land(flowOf(text), "answer"));
}

/** Both must be so of the simulator, or the pair shows nothing; then the diff must say the same. */
export function checkPair([before, after, changed, unchanged]: Pair): void {
  const rulesets = [load(before), load(after)] as const;
  const { protocol, family } = flowOf(changed);
  const changes = findChanges(...rulesets, protocol, family);
  const [was, is] = landings(rulesets, changed);
  expect(was).not.toEqual(is);
  expect(changes.filter(({ holds }) => holds(flowOf(changed))).length).toBe(1);
  if (unchanged === undefined) return;
  const [same, still] = landings(rulesets, unchanged);
  expect(same).toEqual(still);
  expect(changes.filter(({ holds }) => holds(flowOf(unchanged)))).toEqual([]);
}
