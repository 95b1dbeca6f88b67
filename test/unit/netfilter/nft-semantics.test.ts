import { describe, expect, test } from "vitest";
import type { TimedSets } from "../../../harness/formats/nft/ast.ts";
import { type ToldMatches, tellMatches } from "../../../harness/formats/told-matches.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { emptyRuleset, type PodRules, type Ruleset } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import {
  flowFor,
  iptablesRules,
  isOwn,
  nameLanding,
  nftRules,
  type RecordedLanding,
  readItems,
  routingOf,
  type SemanticsItem,
  specFor,
} from "../nft-vectors.ts";

/** Of the items' flows those that need a set-up that the simulated pod does not have, though the recording had it. */
const OTHER_NETWORKS: Readonly<Record<string, readonly [why: string, flows: RegExp]>> = {
  "forward-hook": ["the client sends through the pod", /./],
  "redirect-prerouting": ["the client sends through the pod", /-> 10\.96\./],
  "tproxy-addr-only": ["the client sends through the pod", /-> 10\.96\./],
  "tproxy-foreign-address": ["the client sends through the pod", /./],
  "dnat-prerouting-route-localnet": ["route_localnet is on", /./],
  "masquerade-out": ["the pod has more addresses", /@/],
  "notrack-inbound": [
    "the recording's listener does not close, as the harness's does, and a FIN that nobody tracks gets out",
    /pod6?:22$/,
  ],
};

/** Flows whose landing depends on what the simulator does not follow, by the words that it names. */
const UNKNOWN: Readonly<Record<string, string>> = {
  "route-chain-unreachable": "ip route unreachable in table 100",
  "set-timeout-default": "ip daddr @s",
  "map-numgen": "numgen inc mod 2",
  "ct-count": "ct count over 1",
  "inet-ingress": "the ingress chain i of the table inet t",
  // How long an app's datagrams are, nobody knows.
  "meta-length": "length",
};

/**
 * What the recording knew and the rules do not say, by item: what matches did that are not understood, and that the sets were looked at as
 * they were listed. Who uses landfall tells it by `--assume` and `--timed-sets`.
 */
const TOLD: Readonly<Record<string, { readonly matches: ToldMatches; readonly timedSets: TimedSets }>> = {
  // The recorded datagrams had a few bytes.
  "meta-length": {
    matches: new Map([
      ["udp length > 1000", "fails"],
      ["meta length < 200", "holds"],
    ]),
    timedSets: "unknown",
  },
  // The flows were driven at once after the rules were loaded.
  "set-timeout-default": { matches: new Map(), timedSets: "as-listed" },
};

/** Of the items' flows those whose datagram arrives and whose answer does not. */
const ANSWERS_LOST: ReadonlySet<string> = new Set(["ctstate-established-drop client -> pod:8080/udp"]);

const items = readItems<SemanticsItem>("nft-semantics.json").filter((item) => !item.nondeterministic);

describe("the simulator lands every flow of TCP and UDP as the kernel did", () => {
  test.each(items.map((item) => [item.name, item] as const))("%s", (_, item) => {
    const forms = item.load ? [loaded(item)] : [nftRules(item.nft ?? ""), nftRules(JSON.stringify(item.nft_json))];
    for (const rules of forms) checkItem(item, { ...rules, policyRouting: routingOf(item.setup) });
  });
});

describe("what was known beside the rules makes the landings known", () => {
  test.each(Object.entries(TOLD))("%s", (name, { matches, timedSets }) => {
    const item = items.find((one) => one.name === name);
    if (!item?.nft) throw new RangeError(`There is no item ${name}.`);
    for (const text of [item.nft, JSON.stringify(item.nft_json)]) {
      const { ip, ip6 } = nftRules(text, timedSets);
      const [told, told6] = [ip, ip6].map((ruleset) => ruleset && tellMatches(ruleset, matches));
      const rules = { ip: told ?? null, ip6: told6 ?? null, policyRouting: routingOf(item.setup) };
      expect(checkItem(item, rules)).not.toContain("unknown");
    }
  });
});

/** Gives where the item's flows land, `unknown` where that may be. */
function checkItem(item: SemanticsItem, rules: PodRules): readonly string[] {
  const [, elsewhere] = OTHER_NETWORKS[item.name] ?? [];
  const flows = Object.keys(item.flows).filter((text) => isOwn(text) && !elsewhere?.test(text));
  const hasTproxy = JSON.stringify(item.nft_json).includes('"tproxy"') && item.transparent !== false;
  const spec = specFor(flows, { interceptionMode: hasTproxy ? "TPROXY" : "REDIRECT" });
  const pod = compilePod(rules, spec, DEFAULT_ADDRESSES);
  const landings = flows.map((text) => {
    const landing = pod.land(flowFor(text, spec.shape), "answer");
    const unknown = UNKNOWN[item.name];
    const isNamed = landing.kind === "could-not-look" && unknown !== undefined && landing.cause?.includes(unknown);
    const recorded = item.flows[text];
    const told = text.endsWith("/udp") && recorded?.originalDestination === null ? forgetDialled(landing) : landing;
    return [text, isNamed ? "unknown" : nameLanding(told as RecordedLanding)];
  });
  const wanted = flows.map((text, i) => {
    const recorded = item.flows[text];
    return [text, landings[i]?.[1] === "unknown" ? "unknown" : recorded && nameRecorded(item.name, text, recorded)];
  });
  expect(landings).toEqual(wanted);
  return landings.map(([, landing = ""]) => landing);
}

/** A recorded listener of datagrams does not know what was dialled, unless TPROXY leaves it as it is. */
function forgetDialled(landing: Landing): Landing {
  return { ...landing, originalDestination: null };
}

/** The recordings call a datagram timed out whose answer was lost: who sent it cannot tell. */
function nameRecorded(item: string, text: string, recorded: RecordedLanding): string {
  return ANSWERS_LOST.has(`${item} ${text}`) && recorded.kind === "timed-out" ? "unanswered" : nameLanding(recorded);
}

/** Rules that were loaded one after another: what was loaded last runs first among equals. */
function loaded({ load = [] }: SemanticsItem): Pick<PodRules, "ip" | "ip6"> {
  const sources = load.flatMap((entry) => (Array.isArray(entry) ? [entry as [string, string]] : Object.entries(entry)));
  const sets = sources.map(([kind, text]): { ip: Ruleset | null; ip6: Ruleset | null } => {
    if (kind === "nft") return nftRules(text);
    const isLegacy = kind.startsWith("legacy");
    const family = kind === "ip6tables" || kind === "legacy6" ? 6 : 4;
    const read = iptablesRules(text, family);
    const source = isLegacy ? ("iptables-legacy" as const) : ("iptables-nft" as const);
    const own = { ...read, tables: read.tables.map((table) => ({ ...table, source })) };
    return family === 4 ? { ip: own, ip6: null } : { ip: null, ip6: own };
  });
  const join = (family: 4 | 6, key: "ip" | "ip6"): Ruleset => ({
    ...emptyRuleset(family),
    tables: sets.flatMap((set) => set[key]?.tables ?? []),
  });
  return { ip: join(4, "ip"), ip6: join(6, "ip6") };
}
