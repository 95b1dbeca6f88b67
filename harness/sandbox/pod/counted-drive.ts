import type { CallResult, TracedRule } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { familyKey, type Rule, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { CountedDrive, CountedRules, FlowRequest, Observation, Sandbox } from "../sandbox.ts";
import type { Station } from "../station.ts";

/**
 * Drives flows one after the other, and gives what the rules counted for each, as {@link Sandbox.driveOneByOne} does: the counters behind
 * one flow are those ahead of the next. `agent-failed` where the kernel lets nobody trace packets.
 */
export async function driveCounted(
  sandbox: Pick<Sandbox, "counters" | "drive">,
  pod: Station,
  requests: readonly FlowRequest[],
): Promise<readonly CountedDrive[]> {
  const drives: CountedDrive[] = [];
  let before = await sandbox.counters();
  for (const request of requests) {
    const { observation, trace } = hasNftRules(before)
      ? await driveTraced(sandbox, pod, request)
      : { observation: await driveOne(sandbox, request), trace: null };
    const after = await sandbox.counters();
    drives.push({ observation, counted: countBetween(before, after, trace) });
    before = after;
  }
  return drives;
}

async function driveTraced(sandbox: Pick<Sandbox, "drive">, { agent, namespace }: Station, request: FlowRequest) {
  await agent.call("start-trace", { namespace });
  let trace: CallResult<"end-trace"> | null = null;
  try {
    const observation = await driveOne(sandbox, request);
    trace = await agent.call("end-trace", { namespace });
    return { observation, trace };
  } finally {
    if (trace === null) await agent.call("end-trace", { namespace }).catch(() => null);
  }
}

async function driveOne(sandbox: Pick<Sandbox, "drive">, request: FlowRequest): Promise<Observation> {
  const [observation] = await sandbox.drive([request]);
  if (observation) return observation;
  throw new LandfallError("agent-failed", "the sandbox gave no observation of a flow that was driven.");
}

/** Says whether rules of nft are among those of a pod: their counters, where they have any, do not tell which rules a packet took. */
function hasNftRules(counted: CountedRules): boolean {
  return FAMILIES.some((family) =>
    counted[familyKey(family)]?.tables.some(
      ({ source, chains }) => source === "nft" && chains.some(({ rules }) => rules.length > 0),
    ),
  );
}

/**
 * Gives rules with what they counted between two reads: those of iptables by their counters, those of nft by a trace of the packets in that
 * time, found in it by their handles. Where the trace is missing or not whole the rules of nft have no counters.
 */
export function countBetween(
  before: CountedRules,
  after: CountedRules,
  trace: CallResult<"end-trace"> | null,
): CountedRules {
  const traced = trace?.isWhole ? new Map(trace.rules.map((rule) => [traceKey(rule), rule.packets])) : null;
  const countOne = (family: Family): Ruleset | null => {
    const [old, fresh] = [before[familyKey(family)], after[familyKey(family)]];
    if (fresh === null) return null;
    const tables = fresh.tables.map((table, i) =>
      table.source === "nft" ? countTraced(table, family, traced) : countGrown(table, old?.tables[i]),
    );
    return { family, tables };
  };
  return { ip: countOne(4), ip6: countOne(6) };
}

function traceKey({ family, tableFamily, table, chain, handle }: Omit<TracedRule, "packets">): string {
  return [family, tableFamily, table, chain, handle].join(" ");
}

function countTraced(table: Table, family: Family, traced: ReadonlyMap<string, number> | null): Table {
  const place = { family, tableFamily: table.family, table: table.name };
  const countOne = (chain: string, { counters: _, ...rule }: Rule): Rule => {
    if (traced === null || rule.handle === undefined) return rule;
    const packets = traced.get(traceKey({ ...place, chain, handle: rule.handle })) ?? 0;
    return { ...rule, counters: { packets, bytes: 0 } };
  };
  const chains = table.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => countOne(chain.name, rule)),
  }));
  return { ...table, chains };
}

/** Nobody has changed the rules meanwhile: they stand in the same order. */
function countGrown(table: Table, before: Table | undefined): Table {
  const chains = table.chains.map((chain, i) => ({
    ...chain,
    rules: chain.rules.map((rule, k): Rule => {
      const { packets = 0, bytes = 0 } = before?.chains[i]?.rules[k]?.counters ?? {};
      if (rule.counters === undefined) return rule;
      return { ...rule, counters: { packets: rule.counters.packets - packets, bytes: rule.counters.bytes - bytes } };
    }),
  }));
  return { ...table, chains };
}
