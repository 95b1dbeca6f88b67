import type { CallParams, CallResult } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";
import { parseIptablesSave, renderIptablesSave } from "../../formats/iptables-save.ts";
import { type NftRules, readNft } from "../../formats/nft/read-nft.ts";
import { renderNftText } from "../../formats/nft/write-nft.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { carryTexts } from "../../formats/written-texts.ts";
import type { Family } from "../../model/address.ts";
import { codedFinding } from "../../model/finding.ts";
import {
  type Chain,
  familyKey,
  listNftTables,
  type PodRules,
  type Ruleset,
  type Table,
  tableKey,
} from "../../model/ruleset.ts";
import { renderRoutingText } from "./routing-text.ts";

/**
 * Gives rules as the kernel's tools read them: tables of iptables for iptables-restore, tables of nft for nft, which is asked last. Throws
 * `bad-input` where a table of nft must be loaded before one of iptables for the order of their chains to be right.
 */
export function renderRules(
  rules: PodRules,
): Pick<CallParams<"apply">, "ip" | "ip6" | "legacy" | "nft" | "policyRouting"> {
  const { ip, ip6, policyRouting } = rules;
  const isBeside = hasBothVariants(rules);
  const ofIptables = (ruleset: Ruleset | null) =>
    ruleset && renderTables(ruleset, ({ source }) => source !== "nft" && !(isBeside && source === "iptables-legacy"));
  const ofLegacy = (ruleset: Ruleset | null) =>
    ruleset === null ? "" : renderTables(ruleset, ({ source }) => source === "iptables-legacy");
  for (const ruleset of [ip, ip6]) if (ruleset) checkOrder(ruleset);
  const tables = listNftTables(rules);
  return {
    ip: ofIptables(ip),
    ip6: ofIptables(ip6),
    ...(isBeside ? { legacy: { ip: ofLegacy(ip), ip6: ofLegacy(ip6) } } : {}),
    nft: tables.length === 0 ? "" : renderNftText(tables),
    policyRouting: renderRoutingText(policyRouting),
  };
}

function renderTables(ruleset: Ruleset, isMeant: (table: Table) => boolean): string {
  return renderIptablesSave({ ...ruleset, tables: ruleset.tables.filter(isMeant) });
}

/** Rules of one variant alone go into the sandbox's; only beside those of the other are they put where they come from. */
function hasBothVariants({ ip, ip6 }: PodRules): boolean {
  const tables = [...(ip?.tables ?? []), ...(ip6?.tables ?? [])].filter(({ source }) => source !== "nft");
  const legacy = tables.filter(({ source }) => source === "iptables-legacy");
  return legacy.length > 0 && legacy.length < tables.length;
}

/** The place of a table in the order in which the sandbox loads them. */
function loadingStage({ source }: Pick<Table, "source">): number {
  return source === "iptables-legacy" ? 0 : source === "nft" ? 2 : 1;
}

function checkOrder({ tables }: Ruleset): void {
  const bases = tables.flatMap(({ source, name, chains }, place) =>
    chains.flatMap((chain) =>
      chain.base === null ? [] : [{ source, table: name, chain: chain.name, ...chain.base, place }],
    ),
  );
  for (const one of bases) {
    const tie = bases.find(
      (other) =>
        other.hook === one.hook &&
        other.priority === one.priority &&
        one.place < other.place &&
        loadingStage(other) < loadingStage(one),
    );
    if (tie === undefined) continue;
    const message = `${one.table} ${one.chain} and ${tie.table} ${tie.chain} have one hook and priority, and the kernel runs first what was loaded last: the sandbox loads iptables-legacy first, then iptables-nft, then nft, and cannot have them in this order. Put the rules in with --rules-script, in your order.`;
    throw new LandfallError("bad-input", "The sandbox cannot load these rules in the given order.", {
      findings: [codedFinding("rule-fault", "--rules", message)],
    });
  }
}

/**
 * Gives the rules of a family that are in the pod, with their counters, from what the tools print. `written` is null where a script has put
 * them in: then they are what every tool prints.
 */
export function readCounted(texts: CallResult<"counters">, family: Family, written: PodRules | null): Ruleset | null {
  const own = readKernelRules(texts[familyKey(family)], family, written);
  if (written === null) return addFoundTables(own, texts, family);
  return addNftTables(own, written[familyKey(family)], texts.nft);
}

/** Tables stand in the order in which nft lists them, which is that of their making; those of iptables-legacy come first. */
function addFoundTables(own: Ruleset | null, { nft, legacy }: CallResult<"counters">, family: Family): Ruleset | null {
  const printed = nft === null ? [] : (readListing(nft)[familyKey(family)]?.tables ?? []);
  const isOwn = (table: Table) =>
    table.family !== "inet" && own?.tables.some(({ name }) => name === table.name) === true;
  const older = readKernelRules(legacy[familyKey(family)], family, null);
  const names = printed.filter(isOwn).map(({ name }) => name);
  const tables = [
    ...(older?.tables ?? []).map((table): Table => ({ ...table, source: "iptables-legacy" })),
    ...(own?.tables ?? []).filter(({ name }) => !names.includes(name)),
    ...printed.map((table) => (isOwn(table) ? (own?.tables.find(({ name }) => name === table.name) ?? table) : table)),
  ];
  return own === null && tables.length === 0 ? null : { family, tables };
}

/**
 * Reads what `iptables-save` printed in the pod; null for null. Rules that were put in as `written` has them are quoted as they are there.
 * Throws `agent-failed` where the text cannot be understood.
 */
function readKernelRules(text: string | null, family: Family, written: PodRules | null): Ruleset | null {
  if (text === null) return null;
  const parsed = parseIptablesSave(text, { where: `${toolOfFamily(family)}-save`, family });
  if (parsed.ok) return carryTexts(parsed.value, written);
  const message = "the pod's rules were read from the kernel but cannot be parsed.";
  throw new LandfallError("agent-failed", message, { findings: parsed.findings });
}

/**
 * Adds to what iptables printed the tables of nft that were put in, with the counters and handles that the kernel has for them. A rule
 * without a `counter` has no counters.
 */
function addNftTables(read: Ruleset | null, written: Ruleset | null, listing: string | null): Ruleset | null {
  const own = written?.tables.filter(({ source }) => source === "nft") ?? [];
  if (own.length === 0 || written === null) return read;
  const printed = listing === null ? [] : readListing(listing).tables;
  const counted = own.map((table) => {
    const same = printed.find((other) => tableKey(other) === tableKey(table));
    return { ...table, chains: table.chains.map((chain) => countChain(chain, same)) };
  });
  return { family: written.family, tables: [...(read?.tables ?? []), ...counted] };
}

function readListing(listing: string): NftRules {
  const parsed = readNft(listing, { where: "nft -j list ruleset" });
  if (parsed.ok) return parsed.value;
  const message = "the pod's rules were read from the kernel with nft but cannot be parsed.";
  throw new LandfallError("agent-failed", message, { findings: parsed.findings });
}

function countChain(chain: Chain, printed: Table | undefined): Chain {
  const same = printed?.chains.find(({ name }) => name === chain.name);
  const rules = chain.rules.map(({ counters: _, handle: __, ...rule }, i) => {
    const { counters, handle } = same?.rules[i] ?? {};
    return { ...rule, ...(counters === undefined ? {} : { counters }), ...(handle === undefined ? {} : { handle }) };
  });
  return { ...chain, rules };
}
