import { parseArgs } from "node:util";
import fc from "fast-check";
import { renderIpCommands } from "../../harness/formats/ip-commands.ts";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import { listRules } from "../../harness/model/ruleset.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { type AgreementCase, arbitraryAgreementCase } from "./agreement-case.ts";
import { compareCase, type Disagreement, describe } from "./compare.ts";
import { shrinkCase } from "./shrink.ts";

const USAGE = `Usage: npm run agree -- [--sets N] [--flows N] [--seed N] [--variant nft|legacy|both] [--family 4|6|both] [--protocol tcp|udp|mixed]

Drives random flows over random rule sets through the kernel, in network namespaces, and compares every landing with the simulator's.
Exit codes: 0 no disagreement · 1 some, each with the smallest rule set that shows it
`;

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "100" },
    flows: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    variant: { type: "string", default: "both" },
    family: { type: "string", default: "both" },
    protocol: { type: "string", default: "tcp" },
    help: { type: "boolean", default: false },
  },
});

async function agree(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const drawn: AgreementCase[] = [];
  const totals = { sets: 0, compared: 0, unknown: 0, decided: 0, repeated: 0, disagreements: 0 };
  for (const variant of (["nft", "legacy"] as const).filter((each) => isAsked(values.variant, each))) {
    await using sandbox = new AgentSandbox(await startNetnsWorld(), variant);
    for (const family of FAMILIES.filter((each) => isAsked(values.family, `${each}`))) {
      for (const [i, one] of sampleCases(family).entries()) {
        drawn.push(one);
        const { compared, unknown, decided, repeated, disagreements } = await compareCase(one, sandbox);
        totals.sets++;
        totals.compared += compared;
        totals.unknown += unknown;
        totals.decided += decided;
        totals.repeated += repeated;
        totals.disagreements += disagreements.length;
        const [first] = disagreements;
        if (first) await report(`IPv${family} ${variant} set ${i}`, one, first, disagreements.length, sandbox);
      }
    }
  }
  console.log(renderKinds(drawn));
  console.log(
    `seed ${values.seed}: ${totals.sets} rule sets, ${totals.compared} flows compared (${percent(totals.decided, totals.compared)} decided by a rule), ${totals.unknown} unknown (${percent(totals.unknown, totals.compared + totals.unknown)}), ${totals.repeated} driven twice, ${totals.disagreements} disagreements`,
  );
  return totals.disagreements === 0 ? 0 : 1;
}

/** Gives how many rules have each kind of match and of target, targets that only have a side effect by name. */
function renderKinds(cases: readonly AgreementCase[]): string {
  const rules = cases.flatMap(({ rules: { ip, ip6 } }) => [...listRules(ip), ...listRules(ip6)]);
  const names = rules.flatMap(({ matches, target }) => [
    ...matches.map(({ kind }) => `match ${kind}`),
    target === null ? "no target" : `target ${target.kind === "side-effect" ? target.name : target.kind}`,
  ]);
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, each]) => [name, each.length] as const);
  return counts
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(" · ");
}

function percent(some: number, all: number): string {
  return `${((100 * some) / Math.max(all, 1)).toFixed(1)} %`;
}

function isAsked(option: string, each: string): boolean {
  return option === "both" || option === each;
}

function sampleCases(family: Family): readonly AgreementCase[] {
  const seed = Number(values.seed) + family;
  const protocol = (["tcp", "udp", "mixed"] as const).find((name) => name === values.protocol);
  if (protocol === undefined) throw new Error(`--protocol ${values.protocol} is not tcp, udp or mixed`);
  return fc.sample(arbitraryAgreementCase(family, Number(values.flows), protocol), {
    seed,
    numRuns: Number(values.sets),
  });
}

async function report(
  what: string,
  found: AgreementCase,
  first: Disagreement,
  count: number,
  sandbox: Sandbox,
): Promise<void> {
  const alone = { ...found, requests: [first.request] };
  const isReproduced = (await compareCase(alone, sandbox)).disagreements.length > 0;
  const small = isReproduced ? await shrinkCase(alone, sandbox) : found;
  const shown = isReproduced ? ((await compareCase(small, sandbox)).disagreements[0] ?? first) : first;
  const { flow, manner } = first.request;
  console.log(`
${what}: ${count} disagreements; the first, ${flow.flow} (${manner}, ${found.spec.shape.listeners[0]?.mode}), ${isReproduced ? "with" : "only together with others, with"}
${renderRules(small)}
predicted ${describe(shown.predicted)}
observed  ${describe(shown.observed)}`);
}

function renderRules({ rules: { ip, ip6, policyRouting } }: AgreementCase): string {
  const lines = [ip, ip6].flatMap((ruleset) => (ruleset ? renderIptablesSave(ruleset).split("\n") : []));
  return [...lines.filter((line) => /^[*-]|DROP/.test(line)), ...renderIpCommands(policyRouting)].join("\n");
}

process.exitCode = await agree();
