import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { FAMILIES } from "../../harness/model/address.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { type AgreementCase, arbitraryAgreementCase } from "../agreement/agreement-case.ts";
import { describe, isUnknown, SANDBOX } from "../agreement/compare.ts";
import { type RecordedCase, type Recording, writeFlow, writeRouting, writeRules } from "../agreement/recorded.ts";
import type { CodeMutant } from "./instrument.ts";

/** What StrykerJS's instrumented code reads and writes. */
interface Switches {
  activeMutant: string | undefined;
  currentTestId: string | undefined;
  hitCount: number;
  hitLimit: number;
  readonly mutantCoverage?: { readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>> };
}

interface PoolCase extends Pick<RecordedCase, "name" | "family"> {
  readonly one: AgreementCase;
  readonly landings: readonly string[];
}

/** Sets of rules that are drawn of each protocol and family, and flows over each. A mixed set has the rules of three tools. */
const SETS = { iptables: 20, nft: 20, mixed: 7 } as const;
const FLOWS = 80;
/** What a mutant may loop before it counts as seen. */
const HITS_AT_MOST = 2_000_000;
/** Rule sets that are tried for one mutant, besides those in which an earlier one was found, and the longest that they are. */
const FURTHER_CASES = 40;
const SEARCH_AT_MOST_MS = 3_500;
/** Mutants between two lines about how far the search has come. */
const TOLD_EVERY = 100;
/** The code that tells of rules, and decides no landing. */
const TELLING = /\/(?:recording|recorder|why|steps|passed-step|verdict-names)\.ts$/;

const switches = findSwitches();

/** The instrumented code makes them when it is loaded. */
function findSwitches(): Switches {
  const { __stryker__: found } = globalThis as { readonly __stryker__?: Switches };
  if (found === undefined) throw new Error("No code here is instrumented; run test/mutation/choose-flows.ts.");
  found.hitLimit = HITS_AT_MOST;
  return found;
}

/**
 * Looks, in an instrumented copy, for flows under random rules that land elsewhere while a mutant is switched on. Gives the flows that were
 * found as a recording without landings, for as few rule sets as it happens, and the mutants that no flow shows.
 */
function search(mutants: readonly CodeMutant[], seed: number): { recording: Recording; unseen: readonly CodeMutant[] } {
  const pool = draw(seed);
  const chosen = new Map<PoolCase, Set<number>>();
  const unseen: CodeMutant[] = [];
  const deciding = mutants.filter(({ file }) => !TELLING.test(file));
  for (const [i, mutant] of deciding.entries()) {
    if (i % TOLD_EVERY === 0) console.error(`${i} of ${deciding.length} changes looked at`);
    const covering = pool.filter((_, at) => switches.mutantCoverage?.perTest[at]?.[mutant.id] !== undefined);
    const [known, others] = [true, false].map((is) => covering.filter((one) => chosen.has(one) === is));
    const found = findFlow(mutant, [...(known ?? []), ...sample(others ?? [], i)], chosen);
    if (found === null) unseen.push(mutant);
    else chosen.set(found.one, (chosen.get(found.one) ?? new Set()).add(found.flow));
  }
  return { recording: record(chosen), unseen };
}

/** Others for each mutant. */
function sample(cases: readonly PoolCase[], start: number): readonly PoolCase[] {
  const step = Math.max(1, Math.floor(cases.length / FURTHER_CASES));
  return cases.filter((_, i) => (i + start) % step === 0).slice(0, FURTHER_CASES);
}

function draw(seed: number): readonly PoolCase[] {
  const cases = (["tcp", "udp", "icmp"] as const).flatMap((protocol) =>
    (["iptables", "nft", "mixed"] as const).flatMap((format) =>
      FAMILIES.flatMap((family) =>
        fc
          .sample(arbitraryAgreementCase(family, FLOWS, protocol, format), {
            seed: seed * 100 + family,
            numRuns: SETS[format],
          })
          .map((one, i) => ({ name: `${protocol} ${format} IPv${family} ${seed}.${i}`, family, one })),
      ),
    ),
  );
  return cases.map((one, i) => {
    switches.currentTestId = String(i);
    const landings = landAll(one.one);
    switches.currentTestId = undefined;
    return { ...one, landings };
  });
}

/** What chains remember of their rules must not outlive a mutant, so that the rules are copied. */
function landAll({ rules, spec, requests }: AgreementCase): readonly string[] {
  const simulator = compilePod(structuredClone(rules), spec, DEFAULT_ADDRESSES).assuming(SANDBOX);
  return requests.map(({ flow, manner }) => {
    const landing = simulator.land(flow, manner);
    return isUnknown(landing) ? "unknown" : describe(landing);
  });
}

function findFlow({ id }: CodeMutant, cases: readonly PoolCase[], chosen: ReadonlyMap<PoolCase, ReadonlySet<number>>) {
  const until = Date.now() + SEARCH_AT_MOST_MS;
  switches.activeMutant = id;
  try {
    for (const one of cases) {
      const flow = findDifference(one, chosen.get(one) ?? new Set());
      if (flow !== null) return { one, flow };
      if (Date.now() > until) return null;
    }
    return null;
  } finally {
    switches.activeMutant = undefined;
  }
}

/** Gives the number of a flow that lands elsewhere now, one of those that are known if one of them does; null where none does. */
function findDifference({ one, landings }: PoolCase, known: ReadonlySet<number>): number | null {
  switches.hitCount = 0;
  let now: readonly string[];
  try {
    now = landAll(one);
  } catch {
    return 0;
  }
  const others = landings.flatMap((landing, i) => (landing === now[i] ? [] : [i]));
  return others.find((i) => known.has(i)) ?? others[0] ?? null;
}

function record(chosen: ReadonlyMap<PoolCase, ReadonlySet<number>>): Recording {
  const pods: PodSpec[] = [];
  const cases = [...chosen].map(([{ name, family, one, landings }, flows]): RecordedCase => {
    const pod = pods.push(one.spec) - 1;
    const recorded = { name, family, pod, rules: writeRules(one.rules), routing: writeRouting(one.rules) };
    const asked = [...flows].flatMap((i) => {
      const [request, landed] = [one.requests[i], landings[i]];
      return request && landed !== undefined ? [{ flow: writeFlow(request), manner: request.manner, landed }] : [];
    });
    return { ...recorded, flows: asked };
  });
  return { made: "test/mutation/choose-flows.ts", assumed: Object.fromEntries(SANDBOX), pods, cases };
}

const [input = "", output = "", seed = "1"] = process.argv.slice(2);
writeFileSync(output, JSON.stringify(search(JSON.parse(readFileSync(input, "utf8")), Number(seed))));
