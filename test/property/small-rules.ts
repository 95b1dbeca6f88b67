import fc from "fast-check";
import { parseIptablesSave } from "../../harness/formats/iptables-save.ts";
import { BUILT_IN_CHAINS } from "../../harness/model/iptables-tables.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { IDS, PORTS, type SmallWorld } from "./small-world.ts";

/** Lines of a rule set by table, so that a pair can share most of them. */
export type Lines = readonly (readonly [table: string, line: string])[];

const HOOKS: readonly (readonly [table: string, hook: string])[] = [
  ["mangle", "OUTPUT"],
  ["nat", "OUTPUT"],
  ["nat", "PREROUTING"],
  ["filter", "INPUT"],
  ["filter", "OUTPUT"],
];

const not = fc.constantFrom("", "", "", "! ");
const range = (values: readonly number[], to: ":" | "-") =>
  fc.constantFrom(...values.map(String), `${values[0]}${to}${values[1]}`, `${values[1]}${to}${values[2]}`);

/** Matches of one rule in a chain that this hook leads to. */
function arbitraryMatches(hook: string, { own, peers, networks }: SmallWorld): fc.Arbitrary<string> {
  const address = fc.constantFrom(...own, ...peers, ...networks);
  const join = (words: string) => (parts: readonly string[]) => `${parts[0]}${words} ${parts[1]}`;
  const ports = fc.tuple(not, range(PORTS.slice(0, -1), ":")).map(join("--dport"));
  const owner = (what: string) => fc.tuple(not, range(IDS.slice(0, -1), "-")).map(join(`--${what}-owner`));
  // A rule with many matches is met by next to no flow: with few, most pairs differ.
  const maybe = (some: fc.Arbitrary<string>) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant("") }, { weight: 1, arbitrary: some });
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

function targetsOf(table: string, { family, services, own }: SmallWorld): readonly string[] {
  const [service, pod] = [services[1], own[0]].map((address) => (family === 6 ? `[${address}]` : address));
  const unreachable = family === 6 ? "icmp6-port-unreachable" : "icmp-port-unreachable";
  switch (table) {
    case "mangle":
      return ["MARK --set-xmark 0x1/0xffffffff", "RETURN", "ACCEPT", "DROP"];
    case "nat":
      return [
        "REDIRECT --to-ports 15001",
        "REDIRECT --to-ports 15006",
        "REDIRECT --to-ports 79-80",
        `DNAT --to-destination ${service}:80`,
        `DNAT --to-destination ${pod}:8080`,
        "RETURN",
        "ACCEPT",
      ];
    default:
      return ["DROP", `REJECT --reject-with ${unreachable}`, "REJECT --reject-with tcp-reset", "RETURN", "ACCEPT"];
  }
}

/** The rules of a built-in chain and of a user-defined one that it leads to by jump or goto. */
function arbitraryChains(table: string, hook: string, world: SmallWorld): fc.Arbitrary<readonly string[]> {
  const rule = (chain: string, targets: readonly string[]) =>
    fc
      .tuple(arbitraryMatches(hook, world), fc.constantFrom(...targets))
      .map(([matches, target]) => `-A ${chain} ${matches} ${target.startsWith("-g") ? target : `-j ${target}`}`);
  const own = targetsOf(table, world);
  return fc
    .tuple(
      fc.array(rule(hook, [...own, `OWN_${hook}`, `-g OWN_${hook}`]), { maxLength: 3 }),
      fc.array(rule(`OWN_${hook}`, own), { maxLength: 2 }),
    )
    .map((chains) => chains.flat());
}

function arbitraryLines(world: SmallWorld): fc.Arbitrary<Lines> {
  const chains = HOOKS.map(([table, hook]) =>
    arbitraryChains(table, hook, world).map((lines) => lines.map((line) => [table, line] as const)),
  );
  return fc.tuple(...chains).map((made) => made.flat());
}

/** Two rule sets of a small world: strangers, or one and itself with a line left out or moved. */
export function arbitraryPair(world: SmallWorld): fc.Arbitrary<readonly [Lines, Lines]> {
  const lines = arbitraryLines(world);
  const edited = lines
    .filter((some) => some.length > 0)
    .chain((before) =>
      fc
        .tuple(fc.nat(before.length - 1), fc.nat(before.length - 1), fc.constantFrom("left out", "moved"))
        .map(([i, to, edit]) => {
          const without = before.toSpliced(i, 1);
          const line = before[i];
          return [before, edit === "moved" && line ? without.toSpliced(to, 0, line) : without] as const;
        }),
    );
  return fc.oneof(fc.tuple(lines, lines), edited);
}

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

/** Reads lines as the rules of a small world's family; the other is not under test. */
export function loadLines(lines: Lines, { family, policyRouting }: SmallWorld): PodRules {
  const parsed = parseIptablesSave(render(lines), { where: "rules", family });
  if (!parsed.ok) throw new TypeError(JSON.stringify(parsed.findings));
  return { ip: family === 4 ? parsed.value : null, ip6: family === 6 ? parsed.value : null, policyRouting };
}
