import { parseArgs } from "node:util";
import fc from "fast-check";
import { LandfallError } from "../../harness/errors.ts";
import { renderIpCommands } from "../../harness/formats/ip-commands.ts";
import { renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { renderNftText } from "../../harness/formats/nft/write-nft.ts";
import { FAMILIES, type Family } from "../../harness/model/address.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { findUnloadable } from "../property/loadable.ts";
import { type AgreementCase, arbitraryAgreementCase, type DrawnFormat } from "./agreement-case.ts";
import { type Comparison, compareCase, type Disagreement, describe } from "./compare.ts";
import { countKinds, renderKinds } from "./kinds.ts";
import { listShortfalls, renderShares, type Shares } from "./limits.ts";
import { shrinkCase } from "./shrink.ts";

const USAGE = `Usage: npm run agree -- [--sets N] [--flows N] [--seed N] [--variant nft|legacy|both] [--family 4|6|both] [--protocol tcp|udp|icmp|mixed] [--format iptables|nft|mixed]

Drives random flows over random rule sets through the kernel, in network namespaces, and compares every landing with the simulator's.
Draws --sets rule sets for each variant and each family: with both of both, four times as many.
Prints how many rule sets and rules have each kind of match and of target, and which flows rules decided.
Exit codes: 0 no disagreement · 1 some, each with the smallest rule set that shows it · 3 the run says too little: more than 1 % of its flows have no landing to compare, a rule decides less than 30 %, or, of 100 rule sets or more, less than 5 % have some kind
`;

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "100" },
    flows: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    variant: { type: "string", default: "both" },
    family: { type: "string", default: "both" },
    protocol: { type: "string", default: "tcp" },
    format: { type: "string", default: "iptables" },
    help: { type: "boolean", default: false },
  },
});

type Totals = Record<
  "sets" | "refused" | "compared" | "unknown" | "blind" | "repeated" | "decided" | "elsewhere" | "disagreements",
  number
>;

async function agree(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const format = readFormat();
  const drawn: AgreementCase[] = [];
  const totals: Totals = {
    ...{ sets: 0, refused: 0, compared: 0, unknown: 0, blind: 0, repeated: 0, decided: 0, elsewhere: 0 },
    disagreements: 0,
  };
  for (const variant of listVariants()) {
    await using sandbox = new AgentSandbox(await startNetnsWorld(), variant);
    for (const family of FAMILIES.filter((each) => isAsked(values.family, `${each}`))) {
      for (const [i, one] of sampleCases(family).entries()) {
        const comparison = await compareAndReport(`IPv${family} ${variant} set ${i}`, one, sandbox);
        if (comparison !== null) drawn.push(one);
        count(totals, comparison);
      }
    }
  }
  const kinds = countKinds(drawn, format, findUnloadable());
  const shares = shareOut(totals);
  console.log(renderKinds(kinds));
  console.log(renderShares(shares));
  console.log(
    `seed ${values.seed}: ${totals.sets} rule sets (${totals.refused} more that the kernel refused), ${totals.compared} flows compared, ${totals.repeated} driven twice, ${totals.disagreements} disagreements`,
  );
  const short = listShortfalls(shares, kinds, totals.sets);
  for (const line of short) console.log(`too little: ${line}`);
  if (totals.disagreements > 0) return 1;
  return short.length > 0 ? 3 : 0;
}

/** Flows have no landing to compare where the simulator does not know it, or where the sandbox did not see it. */
function shareOut({ compared, unknown, blind, decided, elsewhere }: Totals): Shares {
  return { flows: compared + unknown, unknown, blind, decided, elsewhere };
}

async function compareAndReport(what: string, one: AgreementCase, sandbox: Sandbox): Promise<Comparison | null> {
  const comparison = await compareLoadable(one, sandbox);
  const [first, ...others] = comparison?.disagreements ?? [];
  if (first) await report(what, one, first, others.length + 1, sandbox);
  return comparison;
}

function count(totals: Totals, comparison: Comparison | null): void {
  if (comparison === null) {
    totals.refused++;
    return;
  }
  totals.sets++;
  for (const what of ["compared", "unknown", "blind", "repeated", "decided", "elsewhere"] as const)
    totals[what] += comparison[what];
  totals.disagreements += comparison.disagreements.length;
}

/** Native rules and mixed ones need no second variant of iptables. */
function listVariants(): readonly ("nft" | "legacy")[] {
  if (values.format !== "iptables") return ["nft"];
  return (["nft", "legacy"] as const).filter((each) => isAsked(values.variant, each));
}

/** Of rules of nft that are drawn the kernel refuses a few, such as chains that it does not count as separate; null for those. */
async function compareLoadable(one: AgreementCase, sandbox: Sandbox) {
  try {
    return await compareCase(one, sandbox);
  } catch (error) {
    if (values.format !== "iptables" && error instanceof LandfallError && error.code === "rules-refused") {
      if (process.env["LANDFALL_SHOW_REFUSED"]) console.log(error.message);
      return null;
    }
    throw error;
  }
}

function isAsked(option: string, each: string): boolean {
  return option === "both" || option === each;
}

function readFormat(): DrawnFormat {
  const format = (["iptables", "nft", "mixed"] as const).find((name) => name === values.format);
  if (format === undefined) throw new Error(`--format ${values.format} is not iptables, nft or mixed`);
  return format;
}

function sampleCases(family: Family): readonly AgreementCase[] {
  const seed = Number(values.seed) + family;
  const protocol = (["tcp", "udp", "icmp", "mixed"] as const).find((name) => name === values.protocol);
  if (protocol === undefined) throw new Error(`--protocol ${values.protocol} is not tcp, udp, icmp or mixed`);
  return fc.sample(arbitraryAgreementCase(family, Number(values.flows), protocol, readFormat()), {
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
${what}: ${count} disagreements; the first, ${renderFlowText(flow.spec)} (${manner}, ${found.spec.shape.listeners[0]?.mode}), ${isReproduced ? "with" : "only together with others, with"}
${renderRules(small)}
predicted ${describe(shown.predicted)}
observed  ${describe(shown.observed)}`);
}

function renderRules({ rules: { ip, ip6, policyRouting } }: AgreementCase): string {
  const lines = [ip, ip6].flatMap((ruleset) =>
    (ruleset?.tables ?? []).flatMap((table) =>
      table.source === "nft" || ruleset === null
        ? renderNftText([table]).split("\n")
        : [`# ${table.source}`, ...renderIptablesSave({ ...ruleset, tables: [table] }).split("\n")],
    ),
  );
  const shown = lines.filter((line) => line !== "" && !/^(?:#.*Generated|:\w+ ACCEPT|:\S+ -|COMMIT)/.test(line));
  return [...shown, ...renderIpCommands(policyRouting)].join("\n");
}

process.exitCode = await agree();
