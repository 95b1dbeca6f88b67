import fc from "fast-check";
import { readNft } from "../../harness/formats/nft/read-nft.ts";
import type { Family } from "../../harness/model/address.ts";
import type { Hook } from "../../harness/model/hook.ts";
import { familyKey, type Ruleset } from "../../harness/model/ruleset.ts";
import { madeOnce } from "../property/made-once.ts";
import { NAMES } from "../unit/nft-vectors.ts";
import { type DrawnProtocol, drawMatch, drawStatement, drawVerdict, type NftPlace, OBJECTS } from "./nft-rules.ts";

/** Priorities at which chains stand: around conntrack and NAT, and several at the same one. */
const PRIORITIES: Readonly<Record<NftPlace["type"], readonly number[]>> = {
  filter: [-310, -300, -201, -150, -101, -100, -50, 0, 0, 50, 101],
  nat: [-150, -100, -100, -90, 100],
  route: [-300, -150, -150, 0],
};
const HOOKS: Readonly<Record<NftPlace["type"], readonly Hook[]>> = {
  filter: ["prerouting", "input", "input", "forward", "output", "output", "postrouting"],
  nat: ["prerouting", "prerouting", "input", "output", "output", "postrouting"],
  route: ["output"],
};
const TYPES = ["nat", "nat", "filter", "filter", "filter", "route"] as const;
/** Regular chains below each base chain; a chain leads only to those behind it, so that there are no loops. */
const CHAINS_BELOW = 2;

/**
 * Gives rule sets of nftables that packets of one family meet, drawn as texts over the whole vocabulary: tables of the family and of both,
 * base chains of every type at every hook they can have, some at one priority, policies, sets and maps, every statement. Values lie where
 * rules turn: the pod's own addresses, proxy ports, owners and their neighbours.
 */
export function arbitraryNftRuleset(
  family: Family,
  rulesAtMost: number,
  protocol: DrawnProtocol,
): fc.Arbitrary<Ruleset> {
  return arbitraryNftText(family, rulesAtMost, protocol).map((text) => readDrawn(text, family));
}

/** Reads a text that was drawn. Throws where the reader refuses it: what is drawn is in the language. */
function readDrawn(text: string, family: Family): Ruleset {
  const read = readNft(text, { where: "drawn", names: NAMES });
  if (!read.ok) throw new Error(`${read.findings.map(({ message }) => message).join("\n")}\n${text}`);
  return read.value[familyKey(family)] ?? { family, tables: [] };
}

function arbitraryNftText(family: Family, rulesAtMost: number, protocol: DrawnProtocol): fc.Arbitrary<string> {
  const table = fc.constantFrom(familyKey(family), "inet" as const, "inet" as const);
  const tableOf = madeOnce((tableFamily: NftPlace["tableFamily"]) =>
    madeOnce((i: number) => arbitraryTable(`t${i}`, { tableFamily, family, protocol }, rulesAtMost)),
  );
  return fc
    .array(table, { minLength: 1, maxLength: 3 })
    .chain((families) =>
      fc.tuple(...families.map((tableFamily, i) => tableOf(tableFamily)(i))).map((texts) => texts.join("")),
    );
}

function arbitraryTable(
  name: string,
  packets: Pick<NftPlace, "tableFamily" | "family" | "protocol">,
  rulesAtMost: number,
): fc.Arbitrary<string> {
  const base = fc.constantFrom(...TYPES).chain((type) =>
    fc.record({
      type: fc.constant(type),
      hook: fc.constantFrom(...HOOKS[type]),
      priority: fc.constantFrom(...PRIORITIES[type]),
      policy: fc.constantFrom(...(type === "filter" ? ["accept", "accept", "accept", "accept", "drop"] : ["accept"])),
    }),
  );
  const rulesOf = madeOnce((type: NftPlace["type"]) =>
    madeOnce((hook: Hook) =>
      madeOnce((chain: string) => arbitraryRulesBelow({ ...packets, type, hook, chain }, rulesAtMost)),
    ),
  );
  return fc
    .array(base, { minLength: 1, maxLength: 3 })
    .chain((bases) =>
      fc.tuple(
        ...bases.map(({ type, hook, priority, policy }, i) => {
          const head = `type ${type} hook ${hook} priority ${priority}; policy ${policy};`;
          return rulesOf(type)(hook)(`b${i}`).map((chains) => renderChains(`b${i}`, head, chains));
        }),
      ),
    )
    .map(
      (chains) =>
        `table ${packets.tableFamily} ${name} {\n${OBJECTS[packets.family]}${chains.toReversed().join("")}}\n`,
    );
}

/** The rules of a base chain, and of each chain below it. */
function arbitraryRulesBelow(
  place: Omit<NftPlace, "depth">,
  rulesAtMost: number,
): fc.Arbitrary<readonly (readonly string[])[]> {
  const depths = Array.from({ length: CHAINS_BELOW + 1 }, (_, depth) => depth);
  return fc.tuple(
    ...depths.map((depth) =>
      fc.array(arbitraryRule({ ...place, depth }), { minLength: depth === 0 ? 1 : 0, maxLength: rulesAtMost }),
    ),
  );
}

/** A base chain with the chains below it. */
function renderChains(base: string, head: string, chains: readonly (readonly string[])[]): string {
  return chains
    .map((rules, depth) => {
      const name = depth === 0 ? base : `${base}_${depth}`;
      const lines = [...(depth === 0 ? [head] : []), ...rules].map((line) => `    ${line}\n`);
      return `  chain ${name} {\n${lines.join("")}  }\n`;
    })
    .toReversed()
    .join("");
}

function arbitraryRule(place: NftPlace): fc.Arbitrary<string> {
  const comment = fc.constantFrom("", "", "", "", ' comment "drawn"');
  return fc
    .tuple(
      fc.oneof(fc.array(drawMatch(place), { maxLength: 1 }), fc.array(drawMatch(place), { maxLength: 2 })),
      fc.array(drawStatement(place), { maxLength: 1 }),
      drawVerdict(place),
      comment,
      fc.constantFrom(
        ...{ tcp: [false], mixed: [false, true], udp: [false, true, true], icmp: [false, true, true] }[place.protocol],
      ),
    )
    .map(([matches, statements, verdict, note, isForDatagrams]) => {
      const words = [...matches, ...statements, verdict].filter((word) => word !== "");
      const rule = `${words.length === 0 ? "counter" : words.join(" ")}${note}`;
      if (!isForDatagrams) return rule;
      return place.protocol === "icmp" ? askForEchoes(rule, place.family) : askForDatagrams(rule);
    })
    .filter((rule) => isLoadable(rule, place));
}

/** Rules as they are drawn ask for TCP more often than for UDP: one that can ask for UDP instead does so. */
function askForDatagrams(rule: string): string {
  const isTcpOnly = /tcp (?:flags|reset|sport)|\{ tcp, udp \}|nexthdr|ip protocol|udp/.test(rule);
  return isTcpOnly
    ? rule
    : rule.replaceAll(/\btcp (dport|sport)/g, "udp $1").replaceAll(/(l4proto|ct protocol) tcp\b/g, "$1 udp");
}

/** The same for echoes, which have no ports. */
function askForEchoes(rule: string, family: 4 | 6): string {
  const protocol = family === 4 ? "icmp" : "ipv6-icmp";
  if (/(?:tcp|udp|th) (?:dport|sport|flags|reset)|proto-(?:src|dst)|to :|:\d|nexthdr|tproxy/.test(rule)) return rule;
  return rule.replaceAll(/(l4proto|ct protocol) (?:tcp|udp|icmp)\b/g, `$1 ${protocol}`);
}

/** What in a rule says which protocol, or which family, its packets are of; nft refuses a rule that says two of one line. */
const SPOKEN_FOR: readonly (readonly RegExp[])[] = [
  [
    /tcp (?:dport|sport|flags)|(?:l4proto|protocol|nexthdr) tcp\b/,
    /udp (?:dport|sport)|(?:l4proto|protocol|nexthdr) udp\b/,
    /l4proto (?:!= )?\{ tcp, udp \}/,
    /l4proto icmp|icmp(?:v6)? type/,
  ],
  [
    /\bip (?:[ds]addr|to|ttl|dscp|protocol)|nfproto ipv4|protocol ip\b|with icmp /,
    /\bip6 |nfproto ipv6|protocol ip6|icmpv6/,
  ],
];

/** Some matches do not go together, such as those of two protocols: a rule that nft or the reader refuses is drawn again. */
function isLoadable(rule: string, { tableFamily, family, type, hook, chain, depth }: NftPlace): boolean {
  if (SPOKEN_FOR.some((words) => words.filter((word) => word.test(rule)).length > 1)) return false;
  // A map of ports tells nft nothing of the protocol; something before it must.
  const [before = ""] = rule.split(/redirect to :(?:tcp|udp) dport map/, 1);
  if (before !== rule && !/(?:tcp|udp) dport|tcp flags|(?:l4proto|protocol|nexthdr) (?:tcp|udp)\b/.test(before))
    return false;
  const below = Array.from({ length: CHAINS_BELOW }, (_, i) => `chain ${chain}_${i + 1} { }`).join("\n");
  const head = `type ${type} hook ${hook} priority 0; policy accept;`;
  const call = depth === 0 ? rule : `jump ${chain}_${depth}`;
  const own = depth === 0 ? "" : `add rule ${tableFamily} t ${chain}_${depth} ${rule}\n`;
  const text = `table ${tableFamily} t {\n${OBJECTS[family]}${below}\nchain ${chain} { ${head} ${call}\n }\n}\n${own}`;
  return readNft(text, { where: "drawn", names: NAMES }).ok;
}
