import { execFileSync } from "node:child_process";
import { diffRulesets } from "../../harness/analysis/diff.ts";
import { readRulesText } from "../../harness/formats/rules-text.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { captureOf } from "../istio-pod.ts";
import { seedConfig } from "../seed-config.ts";

/** One kind of rule set, made as large as asked for; `edit` names a variant that differs in four rules. */
interface BenchCase {
  readonly name: string;
  /** The most that it may take at 10,000 rules, as a multiple of Node's bare start. */
  readonly target: number;
  readonly make: (rules: number, edit: "before" | "after") => string;
}

/** Figures of one diff: parsing both texts and the complete comparison. */
export interface AnalysisFigure {
  /** See {@link BenchCase.target}. */
  readonly target: number;
  readonly name: string;
  readonly rules: number;
  readonly ms: number;
  readonly changes: number;
  /** The most memory the process has had, Node's own included. */
  readonly peakMb: number;
}

const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
const EDITS = 4;
const ROUNDS = 3;
/**
 * Bounds of Node's heap, so that the memory told is near what a diff needs and not what Node takes while there is plenty: left to itself it
 * lets the young space alone grow by a hundred megabytes.
 */
const HEAP_BOUNDS = ["--max-old-space-size=160", "--max-semi-space-size=32"];

function wrap(chains: readonly string[], rules: readonly string[]): string {
  const builtIn = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"].map((chain) => `:${chain} ACCEPT [0:0]`);
  return ["*nat", ...builtIn, ...chains.map((chain) => `:${chain} - [0:0]`), ...rules, "COMMIT", ""].join("\n");
}

/** Turns four rules, spread evenly, around. */
function isEdited(i: number, rules: number, edit: "before" | "after"): boolean {
  return edit === "after" && i % Math.floor(rules / EDITS) === Math.floor(rules / (2 * EDITS));
}

function act(i: number, isTurned: boolean): string {
  return returns(i, isTurned) ? "-j RETURN" : "-j REDIRECT --to-ports 15001";
}

function actInNft(i: number, isTurned: boolean): string {
  return returns(i, isTurned) ? "return" : "redirect to :15001";
}

/** Two of three rules redirect, unless they are turned around. */
function returns(i: number, isTurned: boolean): boolean {
  return (i % 3 === 0) !== isTurned;
}

/** The same as `wrap`, in nft's language: one base chain with these rules, and chains of their own with one rule each. */
function wrapInNft(hook: "prerouting" | "output", rules: readonly string[], chains: readonly string[] = []): string {
  const base = [`  chain ${hook} {`, `    type nat hook ${hook} priority -100; policy accept;`, ...rules, "  }"];
  return ["table ip bench {", ...base, ...chains, "}", ""].join("\n");
}

const count = (rules: number) => Array.from({ length: rules }, (_, i) => i);

/** The same four kinds of rules as native nftables text. */
const NFT_CASES: readonly BenchCase[] = [
  {
    name: "destination ranges, nft text",
    target: 25,
    make: (rules, edit) =>
      wrapInNft(
        "output",
        count(rules).map(
          (i) => `    ip daddr ${address(i * 64)}/26 meta l4proto tcp ${actInNft(i, isEdited(i, rules, edit))}`,
        ),
      ),
  },
  {
    name: "ranges and ports, nft text",
    target: 35,
    make: (rules, edit) =>
      wrapInNft(
        "output",
        count(rules).map(
          (i) =>
            `    ip daddr ${address(i * 64)}/26 tcp dport ${1 + (i % 5000)} ${actInNft(i, isEdited(i, rules, edit))}`,
        ),
      ),
  },
  {
    name: "port list, nft text",
    target: 25,
    make: (rules, edit) =>
      wrapInNft(
        "prerouting",
        count(rules).map((i) => `    tcp dport ${1 + i * 5} ${actInNft(i, isEdited(i, rules, edit))}`),
      ),
  },
  {
    name: "service chains, nft text",
    target: 35,
    make: (rules, edit) => {
      const services = count(Math.floor(rules / 2));
      const port = (i: number) => (isEdited(i, services.length, edit) ? 8081 : 8080);
      return wrapInNft(
        "output",
        services.map((i) => `    ip daddr ${address(i)} tcp dport 80 jump svc-${i}`),
        services.map(
          (i) => `  chain svc-${i} {\n    meta l4proto tcp dnat to 172.16.${(i >> 8) & 255}.${i & 255}:${port(i)}\n  }`,
        ),
      );
    },
  },
];

const IPTABLES_CASES: readonly BenchCase[] = [
  {
    name: "destination ranges",
    target: 25,
    make: (rules, edit) =>
      wrap(
        [],
        Array.from(
          { length: rules },
          (_, i) => `-A OUTPUT -d ${address(i * 64)}/26 -p tcp ${act(i, isEdited(i, rules, edit))}`,
        ),
      ),
  },
  {
    name: "ranges and ports",
    target: 35,
    make: (rules, edit) =>
      wrap(
        [],
        Array.from(
          { length: rules },
          (_, i) =>
            `-A OUTPUT -d ${address(i * 64)}/26 -p tcp -m tcp --dport ${1 + (i % 5000)} ${act(i, isEdited(i, rules, edit))}`,
        ),
      ),
  },
  {
    name: "port list",
    target: 25,
    make: (rules, edit) =>
      wrap(
        [],
        Array.from(
          { length: rules },
          (_, i) => `-A PREROUTING -p tcp -m tcp --dport ${1 + i * 5} ${act(i, isEdited(i, rules, edit))}`,
        ),
      ),
  },
  {
    name: "service chains",
    target: 35,
    make: (rules, edit) => {
      const services = Array.from({ length: Math.floor(rules / 2) }, (_, i) => i);
      const jumps = services.map((i) => `-A OUTPUT -d ${address(i)}/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-${i}`);
      const ends = services.map(
        (i) =>
          `-A KUBE-SVC-${i} -p tcp -j DNAT --to-destination 172.16.${(i >> 8) & 255}.${i & 255}:${isEdited(i, services.length, edit) ? 8081 : 8080}`,
      );
      return wrap(
        services.map((i) => `KUBE-SVC-${i}`),
        [...jumps, ...ends],
      );
    },
  },
];

const CASES = [...IPTABLES_CASES, ...NFT_CASES];

const SPEC = makePodSpec(captureOf(seedConfig()), [], [], DEFAULT_ADDRESSES);

function load(text: string): PodRules {
  const parsed = readRulesText(text, { where: "bench", family: 4 });
  if (!parsed.ok) throw new Error(parsed.findings[0]?.message);
  return { ip: parsed.value.ip, ip6: null, policyRouting: NO_POLICY_ROUTING };
}

function measure({ name, make, target }: BenchCase, rules: number): AnalysisFigure {
  const [before, after] = [make(rules, "before"), make(rules, "after")];
  const started = performance.now();
  const changes = diffRulesets({
    family: 4,
    before: load(before),
    after: load(after),
    setting: { spec: SPEC, addresses: DEFAULT_ADDRESSES, passThrough: "absent" },
  });
  const ms = performance.now() - started;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  return { name, target, rules, ms, changes: changes.length, peakMb };
}

/** The middle of some rounds, each in a process of its own, cold, with a heap that cannot outgrow the target. */
function measureApart(kind: number, rules: number): AnalysisFigure {
  const command = [...HEAP_BOUNDS, import.meta.filename, String(kind), String(rules)];
  const figures = Array.from(
    { length: ROUNDS },
    (): AnalysisFigure => JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })),
  );
  return figures.toSorted((a, b) => a.ms - b.ms)[ROUNDS >> 1] as AnalysisFigure;
}

/** Measures parsing and the complete diff of two rule sets that differ in four rules, by kind and size, smaller sizes first. */
export function benchAnalysis(sizes: readonly number[] = [5_000, 10_000]): readonly AnalysisFigure[] {
  return CASES.flatMap((_, kind) => sizes.map((rules) => measureApart(kind, rules)));
}

if (import.meta.main) {
  const [kind, rules] = process.argv.slice(2).map(Number);
  const benchCase = kind === undefined ? undefined : CASES[kind];
  if (benchCase && rules) process.stdout.write(JSON.stringify(measure(benchCase, rules)));
  else console.table(benchAnalysis([100, 1_000, 5_000, 10_000]));
}
