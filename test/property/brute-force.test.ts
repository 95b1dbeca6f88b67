import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { abstractLanding } from "../../harness/analysis/abstract-landing.ts";
import { type Change, diffRulesets } from "../../harness/analysis/diff.ts";
import { type FlowSet, holdsFlow } from "../../harness/analysis/flow-set.ts";
import { parseFlowSet } from "../../harness/analysis/flow-set-text.ts";
import { parseIptablesSave } from "../../harness/formats/iptables-save.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { parseFlowText, resolveFlow } from "../../harness/model/flow-text.ts";
import { APP_PORTS, DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import { BUILT_IN_CHAINS, NO_POLICY_ROUTING, type PodRules } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";

/** Pairs of rule sets in one run. */
const PAIRS = Number(process.env["LANDFALL_ANALYSIS_RUNS"] ?? 12);

/**
 * A space small enough to be looked at point by point. Rules know no other value than these and ranges of them, so that whatever lies
 * outside is treated as the last of each list is.
 */
const PORTS = [78, 79, 80, 81, 8080, 15001, 15006, 9];
const IDS = [999, 1000, 1337, 5];
const SERVICES = ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.9"];
const OWN = [DEFAULT_ADDRESSES.pod[4], "127.0.0.1", "127.0.0.6", "127.0.0.9"];
const PEERS = [DEFAULT_ADDRESSES.client[4], DEFAULT_ADDRESSES.upstream[4]];

const SPEC: PodSpec = {
  proxyPort: 15001,
  inboundCapturePort: 15006,
  proxy: { uid: 1337, gid: 1337 },
  interceptionMode: "REDIRECT",
  listen: APP_PORTS,
  upstreamPorts: PORTS,
  clientPorts: PORTS,
  upstreamAddresses: SERVICES,
  kubevirtInterfaces: [],
};

function flowOf(text: string): Flow {
  const parsed = parseFlowText(text);
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SPEC.proxy);
}

/** Every flow of the small space: each owner to each address, unbound and bound as the kernel allows, and from both hosts outside. */
const POINTS: readonly Flow[] = PORTS.flatMap((port) => {
  const owners = IDS.flatMap((uid) => IDS.map((gid) => `uid=${uid},gid=${gid}`));
  const unbound = [...OWN, ...PEERS, ...SERVICES].map((to) => ["", to]);
  const bound = [
    ...["127.0.0.6", "127.0.0.9"].flatMap((from) => OWN.map((to) => [`@${from}`, to])),
    ...OWN.slice(1).map((to) => [`@${OWN[0]}`, to]),
  ];
  const inside = owners.flatMap((owner) => [...unbound, ...bound].map(([at, to]) => `${owner}${at} -> ${to}:${port}`));
  return [...inside, `client -> pod:${port}`, `upstream -> pod:${port}`].map(flowOf);
});

const not = fc.constantFrom("", "", "", "! ");
const address = fc.constantFrom(...OWN, ...PEERS, "192.0.2.1/32", "192.0.2.2/31", "192.0.2.0/30", "127.0.0.0/8");
const range = (values: readonly number[], to: ":" | "-") =>
  fc.constantFrom(...values.map(String), `${values[0]}${to}${values[1]}`, `${values[1]}${to}${values[2]}`);

/** Matches of one rule in a chain that this hook leads to. */
function arbitraryMatches(hook: string): fc.Arbitrary<string> {
  const join = (words: string) => (parts: readonly string[]) => `${parts[0]}${words} ${parts[1]}`;
  const ports = fc.tuple(not, range([78, 79, 80, 81, 8080, 15001, 15006], ":")).map(join("--dport"));
  const owner = (what: string) => fc.tuple(not, range([999, 1000, 1337], "-")).map(join(`--${what}-owner`));
  const maybe = (some: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight: 1, arbitrary: some });
  return fc
    .tuple(
      maybe(fc.tuple(not, address).map(join("-s"))),
      maybe(fc.tuple(not, address).map(join("-d"))),
      maybe(fc.tuple(not, fc.constantFrom("lo", "eth0")).map(join(hook === "OUTPUT" ? "-o" : "-i"))),
      fc.constant("-p tcp -m tcp"),
      maybe(ports),
      hook === "OUTPUT" ? maybe(owner("uid").map((text) => `-m owner ${text}`)) : fc.constant(""),
      hook === "OUTPUT" ? maybe(owner("gid").map((text) => `-m owner ${text}`)) : fc.constant(""),
      maybe(fc.constantFrom("-m mark --mark 0x1", "-m conntrack --ctstate NEW", "-m conntrack --ctstate ESTABLISHED")),
    )
    .map((parts) => parts.filter((part) => part !== "").join(" "));
}

const TARGETS: Readonly<Record<string, readonly string[]>> = {
  mangle: ["MARK --set-xmark 0x1/0xffffffff", "RETURN", "ACCEPT", "DROP"],
  nat: [
    "REDIRECT --to-ports 15001",
    "REDIRECT --to-ports 15006",
    "DNAT --to-destination 192.0.2.1:80",
    "RETURN",
    "ACCEPT",
  ],
  filter: ["DROP", "REJECT --reject-with icmp-port-unreachable", "REJECT --reject-with tcp-reset", "RETURN", "ACCEPT"],
};
const HOOKS: readonly (readonly [table: string, hook: string])[] = [
  ["mangle", "OUTPUT"],
  ["nat", "OUTPUT"],
  ["nat", "PREROUTING"],
  ["filter", "INPUT"],
  ["filter", "OUTPUT"],
];

/** The rules of a built-in chain and of a user-defined one that it leads to by jump or goto. */
function arbitraryChains(table: string, hook: string): fc.Arbitrary<readonly string[]> {
  const rule = (chain: string, targets: readonly string[]) =>
    fc
      .tuple(arbitraryMatches(hook), fc.constantFrom(...targets))
      .map(([matches, target]) => `-A ${chain} ${matches} ${target.startsWith("-g") ? target : `-j ${target}`}`);
  const own = TARGETS[table] ?? [];
  return fc
    .tuple(
      fc.array(rule(hook, [...own, `OWN_${hook}`, `-g OWN_${hook}`]), { maxLength: 3 }),
      fc.array(rule(`OWN_${hook}`, own), { maxLength: 2 }),
    )
    .map((chains) => chains.flat());
}

/** Lines by table, so that a pair can share most of them. */
const arbitraryLines = fc
  .tuple(
    ...HOOKS.map(([table, hook]) =>
      arbitraryChains(table, hook).map((lines) => lines.map((line) => [table, line] as const)),
    ),
  )
  .map((made) => made.flat());

type Lines = readonly (readonly [table: string, line: string])[];

function render(lines: Lines): string {
  return (["mangle", "nat", "filter"] as const)
    .map((table) => {
      const own = HOOKS.filter(([of]) => of === table).map(([, hook]) => `:OWN_${hook} - [0:0]`);
      const chains = [...BUILT_IN_CHAINS[table].map((chain) => `:${chain} ACCEPT [0:0]`), ...own];
      return [
        `*${table}`,
        ...chains,
        ...lines.filter(([of]) => of === table).map(([, line]) => line),
        "COMMIT",
        "",
      ].join("\n");
    })
    .join("");
}

function load(lines: Lines): PodRules {
  const parsed = parseIptablesSave(render(lines), { where: "rules", family: 4 });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return { ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING };
}

/** Two rule sets: strangers, or one and itself with a line left out, moved, or written twice. */
const arbitraryPair: fc.Arbitrary<readonly [Lines, Lines]> = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(arbitraryLines, arbitraryLines) },
  {
    weight: 3,
    arbitrary: arbitraryLines
      .filter((lines) => lines.length > 0)
      .chain((lines) =>
        fc
          .tuple(fc.nat(lines.length - 1), fc.nat(lines.length - 1), fc.constantFrom("left out", "moved"))
          .map(([i, to, edit]) => {
            const without = lines.toSpliced(i, 1);
            const line = lines[i];
            return [lines, edit === "moved" && line ? without.toSpliced(to, 0, line) : without] as const;
          }),
      ),
  },
);

/** Flows that an analysis may be restricted to. */
const SETS: readonly FlowSet[] = [
  "uid=999-1000 -> 192.0.2.0/30:79-81",
  "gid=1337 -> elsewhere:*",
  "app -> 127.0.0.0/8:80,8080",
  "uid=*@127.0.0.6 -> pod:*",
  "uid=*@127.0.0.0/8 -> 127.0.0.0/8:79",
  "client -> pod:78-81",
  "upstream -> pod:*",
].map((text) => {
  const parsed = parseFlowSet(text, "test", { addresses: DEFAULT_ADDRESSES, proxy: SPEC.proxy });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return parsed.value;
});

const settingOf = (within: FlowSet | null) => ({
  spec: SPEC,
  addresses: DEFAULT_ADDRESSES,
  passThrough: "absent" as const,
  ...(within ? { within } : {}),
});

/** What the diff says of a point: the landings of the class it is in, and in how many classes it is. */
function lookUp(changes: readonly Change[], flow: Flow): readonly string[] {
  return changes
    .filter(({ holds }) => holds(flow))
    .map(
      ({ before, after, witness }) =>
        `${abstractLanding(before, witness.flow)}, then ${abstractLanding(after, witness.flow)}`,
    );
}

/**
 * Compares what the diff says of every point with what the simulator does there; gives how many points have changed. Restricted to a set of
 * flows, it must say just the same of those, and nothing of the others.
 */
function checkPair(before: PodRules, after: PodRules, within: FlowSet | null): number {
  const changes = diffRulesets({ family: 4, before, after, setting: settingOf(within) });
  const [old, fresh] = [compilePod(before, SPEC, DEFAULT_ADDRESSES), compilePod(after, SPEC, DEFAULT_ADDRESSES)];
  const told = POINTS.map((flow) => {
    const [was, is] = [old.land(flow, "answer"), fresh.land(flow, "answer")];
    const isAsked = within === null || holdsFlow(within, flow, DEFAULT_ADDRESSES);
    const isChanged = isAsked && JSON.stringify(was) !== JSON.stringify(is);
    const expected = isChanged ? [`${abstractLanding(was, flow)}, then ${abstractLanding(is, flow)}`] : [];
    return { flow: flow.flow, expected, found: lookUp(changes, flow) };
  });
  const wrong = told.find(({ expected, found }) => JSON.stringify(expected) !== JSON.stringify(found));
  expect(wrong && [wrong.flow, ...wrong.found]).toEqual(wrong && [wrong.flow, ...wrong.expected]);
  return told.filter(({ expected }) => expected.length > 0).length;
}

describe("the diff of two rule sets", () => {
  test("has every point of a small space that lands differently in one class, which lands alike, and no other point", () => {
    const changed: number[] = [];
    fc.assert(
      fc.property(arbitraryPair, ([before, after]) => {
        changed.push(checkPair(load(before), load(after), null));
      }),
      { numRuns: PAIRS },
    );
    const mean = changed.reduce((sum, count) => sum + count, 0) / changed.length;
    expect(mean).toBeGreaterThan(100);
    expect(mean).toBeLessThan(POINTS.length - 100);
  });

  test("says the same of the flows it is restricted to, and nothing of others", () => {
    let changed = 0;
    fc.assert(
      fc.property(arbitraryPair, fc.constantFrom(...SETS), ([before, after], within) => {
        changed += checkPair(load(before), load(after), within);
      }),
      { numRuns: PAIRS * 2 },
    );
    expect(changed).toBeGreaterThan(PAIRS);
  });
});
