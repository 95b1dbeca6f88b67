import fc from "fast-check";
import { expect, test } from "vitest";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { readNft } from "../../../harness/formats/nft/read-nft.ts";
import type { Parsed } from "../../../harness/model/finding.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import "../../fixed-seed.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

const capture = captureOf(seedConfig());

const readSaved = (rules: readonly string[]) =>
  parseIptablesSave(`*nat\n:A - [0:0]\n-A OUTPUT -j A\n${rules.map((rule) => `-A A ${rule}\n`).join("")}COMMIT\n`, {
    where: "rules",
    family: 4,
  });

/** Lands a flow from end to end of every chain, and by the rules that its destination can match. */
function landTwice(
  rules: readonly string[],
  text: string,
  read: (rules: readonly string[]) => Parsed<Ruleset | null> = readSaved,
) {
  const parsed = read(rules);
  const flow = parseFlowText(text, capture.shape);
  if (!parsed.ok || !flow.ok) throw new Error(JSON.stringify([parsed, flow]));
  const resolved = resolveFlow(flow.value, DEFAULT_ADDRESSES, capture.shape);
  const all = { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
  const pod = compilePod(all, makePodSpec(capture, [resolved], [], DEFAULT_ADDRESSES, [all]), DEFAULT_ADDRESSES);
  const whole = pod.explain(resolved, "answer", () => "").landing;
  // The first packets of a chain are held against each of its networks, and those behind them go by its index.
  const chosen = Array.from({ length: 6 }, () => pod.land(resolved, "answer"));
  return { whole: chosen.map(() => whole), chosen };
}

/** Chains of all tables of nft that packets of IPv4 meet. */
function readNftRules(rules: readonly string[]): Parsed<Ruleset | null> {
  const chains = `chain a {\n${rules.join("\n")}\n}\nchain o { type nat hook output priority -100; jump a; }`;
  const read = readNft(`table inet t {\n${chains}\n}\n`, { where: "rules" });
  return read.ok ? { ok: true, value: read.value.ip } : read;
}

const filler = Array.from({ length: 40 }, (_, i) => `-d 10.97.0.${i}/32 -p tcp -j REDIRECT --to-ports ${20_000 + i}`);

test.each([
  [
    "the first of two rules for an address decides",
    [...filler, "-d 10.97.0.3/32 -p tcp -j RETURN"],
    "app -> 10.97.0.3:80",
  ],
  [
    "a rule for a network before that for the address decides",
    ["-d 10.97.0.0/24 -j RETURN", ...filler],
    "app -> 10.97.0.3:80",
  ],
  [
    "a rule for another address that is negated is asked",
    [...filler.slice(0, 35), "! -d 10.97.0.3/32 -p tcp -j REDIRECT --to-ports 9"],
    "app -> 10.98.0.1:80",
  ],
  [
    "a rule for a network whose mask has a gap is asked in its place",
    [...filler, "-d 10.0.0.50/255.0.255.255 -p tcp -j REDIRECT --to-ports 9", "-d 10.98.0.0/16 -j RETURN"],
    "app -> 10.98.0.50:80",
  ],
  ["what nobody names goes by the others", [...filler, "-p tcp -j REDIRECT --to-ports 9"], "app -> 10.98.0.1:80"],
])("%s", (_, rules, flow) => {
  const { whole, chosen } = landTwice(rules, flow);
  expect(chosen).toEqual(whole);
});

const nftFiller = Array.from(
  { length: 40 },
  (_, i) => `ip daddr 10.97.0.${i} meta l4proto tcp redirect to :${20_000 + i}`,
);
const LAST = "meta l4proto tcp redirect to :9";

test.each([
  ["the first of two rules for an address decides", [...nftFiller, "ip daddr 10.97.0.3 return", LAST], "10.97.0.3:80"],
  ["a network before the address decides", ["ip daddr 10.97.0.0/24 return", ...nftFiller], "10.97.0.3:80"],
  ["a range that is no network is asked", [...nftFiller, "ip daddr 10.98.0.1-10.98.0.4 return", LAST], "10.98.0.2:80"],
  ["a set is asked", [...nftFiller, "ip daddr { 10.98.0.1, 10.98.0.9 } return", LAST], "10.98.0.9:80"],
  ["an address that is negated is asked", [...nftFiller, "ip daddr != 10.97.0.3 return", LAST], "10.98.0.1:80"],
  ["a greater address is asked for", [...nftFiller, "ip daddr > 10.97.0.3 return", LAST], "10.98.0.1:80"],
  ["bits of an address are asked", [...nftFiller, "ip daddr & 0.0.0.255 == 0.0.0.1 return", LAST], "10.98.0.1:80"],
  ["a mask is a network", [...nftFiller, "ip daddr & 255.255.0.0 == 10.98.0.0 return", LAST], "10.98.0.1:80"],
  ["a pair is asked", [...nftFiller, "ip daddr . tcp dport 10.98.0.1 . 80 return", LAST], "10.98.0.1:80"],
  ["a mark before the address is asked", [...nftFiller, "meta mark 0 ip daddr 10.98.0.1 return", LAST], "10.98.0.1:80"],
  ["an address of the other family is none", [...nftFiller, "ip6 daddr ::a61:3 return", LAST], "10.97.0.3:80"],
])("in nft's rules %s", (_, rules, to) => {
  const { whole, chosen } = landTwice(rules, `app -> ${to}`, readNftRules);
  expect(chosen).toEqual(whole);
});

test.each(["app@:8080 -> pod:8080", "app@:15001 -> localhost:15001"])(
  "a flow with both ends at one place lands alike with and without a trace: %s",
  (flow) => {
    const { whole, chosen } = landTwice(["-d 10.97.0.3/32 -p tcp -j RETURN"], flow);
    expect(chosen).toEqual(whole);
  },
);

test("the rules left out are those that do not match, in chains of any order", () => {
  const rule = fc
    .tuple(
      fc.constantFrom("", "! "),
      fc.integer({ min: 0, max: 4 }),
      fc.constantFrom(32, 31, 24),
      fc.integer({ min: 1, max: 999 }),
    )
    .map(
      ([not, host, length, port]) =>
        `${not}-d 10.97.0.${length === 32 ? host : length === 31 ? host & 254 : 0}/${length} -p tcp -j REDIRECT --to-ports ${port}`,
    );
  fc.assert(
    fc.property(fc.array(rule, { minLength: 33, maxLength: 40 }), fc.integer({ min: 0, max: 5 }), (rules, host) => {
      const { whole, chosen } = landTwice(rules, `app -> 10.97.0.${host}:80`);
      expect(chosen).toEqual(whole);
    }),
    { numRuns: 50 },
  );
});
