import { describe, expect, test } from "vitest";
import { checkRulePlacement } from "../../../harness/formats/rule-placement.ts";
import { BUILT_IN_CHAINS, TABLE_NAMES } from "../../../harness/model/iptables-tables.ts";
import type { Match } from "../../../harness/model/match.ts";
import { emptyRuleset, type Ruleset, type Table } from "../../../harness/model/ruleset.ts";
import type { SideEffectName, Target } from "../../../harness/model/target.ts";
import { type HiddenAttribute, targetTraits } from "../../../harness/model/target-traits.ts";
import { answersAlike, readsOf } from "../../../harness/model/text-match-traits.ts";
import { conntrackOf } from "../../../harness/netfilter/pod.ts";
import { SAMPLE_TARGETS } from "./sample-targets.ts";

const EVERYWHERE = "raw mangle nat filter security";
const MANGLE = "mangle";

/** Where the kernel takes a target of each kind. */
const PLACES = {
  accept: EVERYWHERE,
  drop: "raw mangle filter security",
  return: EVERYWHERE,
  jump: EVERYWHERE,
  goto: EVERYWHERE,
  redirect: "nat:PREROUTING nat:OUTPUT",
  dnat: "nat:PREROUTING nat:OUTPUT",
  snat: "nat:INPUT nat:POSTROUTING",
  masquerade: "nat:POSTROUTING",
  tproxy: "mangle:PREROUTING",
  mark: EVERYWHERE,
  "connmark-set": EVERYWHERE,
  "connmark-save": EVERYWHERE,
  "connmark-restore": EVERYWHERE,
  notrack: "raw",
  track: "raw",
  zone: "raw",
  log: EVERYWHERE,
  reject: "filter",
  "hop-limit": MANGLE,
  tee: EVERYWHERE,
  "side-effect": EVERYWHERE,
  statements: EVERYWHERE,
  map: EVERYWHERE,
  assign: EVERYWHERE,
  "tproxy-socket": EVERYWHERE,
  counter: EVERYWHERE,
  continue: EVERYWHERE,
  unknown: EVERYWHERE,
} satisfies Record<Target["kind"], string>;

/** Kinds that switch connection tracking on: those that translate, or are about connections; and what is not understood may. */
const TRACKING: readonly Target["kind"][] = [
  "redirect",
  "dnat",
  "snat",
  "masquerade",
  "connmark-set",
  "connmark-save",
  "connmark-restore",
  "track",
  "zone",
  "unknown",
];

/** Where the kernel takes a side effect, and what of a packet it changes that only matches kept as text can read. */
const SIDE_EFFECTS = {
  NFLOG: [EVERYWHERE, []],
  ULOG: [EVERYWHERE, []],
  TRACE: ["raw", []],
  AUDIT: [EVERYWHERE, []],
  CLASSIFY: [
    "mangle:FORWARD mangle:OUTPUT mangle:POSTROUTING nat:OUTPUT nat:POSTROUTING filter:FORWARD filter:OUTPUT security:FORWARD security:OUTPUT raw:OUTPUT",
    ["priority"],
  ],
  CHECKSUM: [MANGLE, ["checksum"]],
  TOS: [MANGLE, ["tos"]],
  DSCP: [MANGLE, ["tos"]],
  ECN: [MANGLE, ["tcp-header"]],
  TCPMSS: [EVERYWHERE, ["tcp-header", "length"]],
  TCPOPTSTRIP: [MANGLE, ["tcp-header"]],
  IDLETIMER: [EVERYWHERE, []],
  SET: [EVERYWHERE, ["sets"]],
  SECMARK: ["mangle security", ["security-mark"]],
  CONNSECMARK: ["mangle security", ["security-mark"]],
  LED: [EVERYWHERE, []],
  RATEEST: [EVERYWHERE, ["rate"]],
} satisfies Record<SideEffectName, readonly [places: string, changes: readonly HiddenAttribute[]]>;

const TCP: Match = { kind: "protocol", negated: false, protocol: "tcp" };

/** The built-in chains in which a rule with a target can stand. */
function placesOf(target: Target): readonly string[] {
  return TABLE_NAMES.flatMap((table) =>
    BUILT_IN_CHAINS[table].flatMap((chain) => {
      const found = checkRulePlacement({ matches: [TCP], target }, 4, table, chain, new Set([chain]));
      return found.length === 0 ? [`${table}:${chain}`] : [];
    }),
  );
}

/** `raw` stands for all its chains. */
function readPlaces(text: string): readonly string[] {
  return text
    .split(" ")
    .flatMap((place) =>
      TABLE_NAMES.flatMap((table) =>
        BUILT_IN_CHAINS[table].map((chain) => `${table}:${chain}`).filter((one) => one === place || table === place),
      ),
    );
}

function rulesetWith(target: Target): Ruleset {
  const table: Table = {
    family: "ip",
    source: "iptables",
    name: "raw",
    chains: [{ name: "C", base: null, rules: [{ matches: [], target }] }],
  };
  return { ...emptyRuleset(4), tables: [table] };
}

describe("a target", () => {
  const kinds = Object.keys(PLACES) as Target["kind"][];
  test.each(kinds)("stands only where the kernel takes it: %s", (kind) =>
    expect(placesOf(SAMPLE_TARGETS[kind]).toSorted()).toEqual(readPlaces(PLACES[kind]).toSorted()),
  );
  test.each(kinds)("switches connection tracking on or leaves it: %s", (kind) => {
    const target = SAMPLE_TARGETS[kind];
    expect([targetTraits(target).tracking, conntrackOf(rulesetWith(target))]).toEqual(
      TRACKING.includes(kind) ? ["switches-on", "on"] : ["leaves", "off"],
    );
  });
  test.each([
    ["on", { to: "connection" }],
    ["on", { from: "connection" }],
    ["on", { to: "connection", from: "connection" }],
    ["off", { from: "packet" }],
  ] as const)("switches tracking %s if it assigns %o", (tracking, ends) =>
    expect(conntrackOf(rulesetWith({ ...SAMPLE_TARGETS.assign, ...ends }))).toBe(tracking),
  );
  test.each(kinds)("changes nothing that is hidden but the helper and the hop limit: %s", (kind) => {
    const changes = { track: ["helper"], "hop-limit": ["hop-limit"] } as Partial<Record<Target["kind"], string[]>>;
    expect(targetTraits(SAMPLE_TARGETS[kind]).changes).toEqual(changes[kind] ?? []);
  });
});

describe.each(Object.entries(SIDE_EFFECTS) as [SideEffectName, (typeof SIDE_EFFECTS)[SideEffectName]][])(
  "%s",
  (name, [places, changes]) => {
    const target: Target = { kind: "side-effect", name, options: "" };
    test("stands only where the kernel takes it", () =>
      expect(placesOf(target).toSorted()).toEqual(readPlaces(places).toSorted()));
    test("changes what it says", () => expect(targetTraits(target).changes).toEqual(changes));
    test("switches tracking on only if it writes to connections", () =>
      expect(conntrackOf(rulesetWith(target))).toBe(name === "CONNSECMARK" ? "on" : "off"));
  },
);

/** The modules of iptables-extensions(8) whose matches are kept as text, by what they read that a target may change. */
const READERS: Readonly<Record<string, readonly HiddenAttribute[]>> = {
  "ah addrtype cgroup cluster connlabel connlimit cpu devgroup esp icmp icmp6 limit mac nfacct physdev": [],
  "pkttype policy realm statistic time": [],
  bpf: ["checksum", "hop-limit", "length", "tcp-header", "tos", "priority", "security-mark"],
  "osf string u32": ["checksum", "hop-limit", "length", "tcp-header", "tos"],
  "connbytes hashlimit length quota": ["length"],
  "conntrack helper": ["helper"],
  "dscp rpfilter tos": ["tos"],
  ecn: ["tos", "tcp-header"],
  "hl recent ttl": ["hop-limit"],
  "tcp tcpmss": ["tcp-header"],
  rateest: ["rate"],
  set: ["sets"],
};
const READ = Object.entries(READERS).flatMap(([modules, reads]) =>
  modules.split(" ").map((module) => [module, reads] as const),
);
const ALIKE = "ah cluster connlabel dscp ecn esp helper icmp icmp6 length tcp tcpmss tos".split(" ");
const ANEW = ["connlimit", "hashlimit", "limit", "nfacct", "quota", "rateest", "recent", "set", "statistic"];

describe("a match that is kept as text", () => {
  test.each(READ)("reads what its module looks at: %s", (module, reads) =>
    expect(readsOf(`-m ${module} --x 1`)).toEqual(reads),
  );
  test.each(READ)(
    "answers one packet alike as far as nothing changes what it reads, and it does not count: %s",
    (module) => {
      const extent = ANEW.includes(module)
        ? "nowhere"
        : ALIKE.includes(module)
          ? "wherever it is asked"
          : "in one chain";
      expect(answersAlike(`-m ${module} --x 1`)).toBe(extent);
    },
  );
  test.each(["-m unheard-of --x", "-m constructor --x", "--x -m ttl", "meta cpu 3", "limit rate 1/second", "-m "])(
    "may read anything, and answer otherwise each time, if its module is not known: %s",
    (text) => {
      expect(readsOf(text)).toBeNull();
      expect(answersAlike(text)).toBe("nowhere");
    },
  );
});
