import { diffArrays } from "diff";
import { type IpLine, listIpLines, renderIpCommand } from "../formats/ip-commands.ts";
import { readNft } from "../formats/nft/read-nft.ts";
import { renderNftText } from "../formats/nft/write-nft.ts";
import { FAMILIES, type Family } from "../model/address.ts";
import type { Capture } from "../model/capture.ts";
import { TABLE_NAMES } from "../model/iptables-tables.ts";
import type { Applied } from "./apply.ts";
import { planApply } from "./apply-plan.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { isNative, type NftChange, planNftChange } from "./nft-tables.ts";
import { intersectRouting } from "./own-routing.ts";
import { NOTHING_OWN, type OwnTable, ownTable } from "./own-rules.ts";
import { readOwnership } from "./ownership.ts";
import { listReplacedRules } from "./replaced-rules.ts";
import { planChange, type RulesChange } from "./transaction.ts";

/** Edits of one chain beyond which all of its rules count as removed and added. */
const EDITS_AT_MOST = 2_000;

/** What would come, go and stay; lines in the words of the tool, in order. */
export interface Changes {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/** What would become of one table, as far as it is ours; rules as `-A CHAIN …`, or as `add rule inet TABLE CHAIN …`. */
export interface TablePreview extends Changes {
  readonly family: Family | "inet";
  readonly table: string;
  readonly tool: Applied["variant"];
  /** Our chains that would come or go, `-N CHAIN`; of nftables sets and maps too, `add chain inet TABLE CHAIN`. */
  readonly chains: Pick<Changes, "added" | "removed">;
}

/** What an `apply` would do now, as data: rules added, removed and unchanged, by family and table. */
export interface Preview extends Pick<Applied, "variant" | "rules" | "warnings" | "replaced" | "hasRecord"> {
  readonly outcome: "would-change" | "unchanged";
  /** The tables in which something is ours or would be. */
  readonly tables: readonly TablePreview[];
  /** As the commands that would run; what stays as the command that added it. Families without any are left out. */
  readonly policyRouting: readonly RoutingPreview[];
}

/** What would become of one family's policy routing, and IPv6's addresses on lo. */
export interface RoutingPreview extends Changes {
  readonly family: Family;
}

/**
 * Says what {@link Applied} would come to, and does nothing: it reads the namespace, its record and what a capture wants. Throws what
 * planning throws: `environment` where a table cannot be changed. That the kernel refuses a rule shows only when it is applied.
 */
export function previewRules(capture: Capture, namespace: NamespaceState): Preview {
  const ours = readOwnership(namespace, "apply");
  const { variant, rules, changes, nft, routing, warnings } = planApply(capture, namespace, ours);
  const lines = {
    added: listIpLines(routing.missing, "add"),
    removed: routing.removal,
    unchanged: listIpLines(intersectRouting(rules.policyRouting, namespace.network.routing), "add"),
  };
  const changesTables = planNftChange(nft) !== "" || changes.some((change) => planChange(change) !== "");
  const made = ours.record?.rules ?? null;
  return {
    variant: isNative(nft) ? "native-nftables" : variant.toolset.variant,
    outcome: changesTables || lines.added.length + lines.removed.length > 0 ? "would-change" : "unchanged",
    rules,
    warnings,
    replaced: listReplacedRules(changes, made),
    hasRecord: made !== null,
    tables: [...changes.flatMap(previewFamily), ...previewNft(nft)],
    policyRouting: FAMILIES.map((family) => previewRouting(family, lines)).filter(
      ({ added, removed, unchanged }) => added.length + removed.length + unchanged.length > 0,
    ),
  };
}

function previewRouting(family: Family, lines: Readonly<Record<keyof Changes, readonly IpLine[]>>): RoutingPreview {
  const pick = (some: readonly IpLine[]) => some.filter((line) => line.family === family).map(renderIpCommand);
  return { family, added: pick(lines.added), removed: pick(lines.removed), unchanged: pick(lines.unchanged) };
}

/** What brings each chain about, `-N ISTIO_INBOUND`, with its rules; what is not ours to make stands under its name. */
type Chains = ReadonlyMap<string, readonly string[]>;

function previewFamily({ toolset, family, before, claim, wanted }: RulesChange): readonly TablePreview[] {
  const names = TABLE_NAMES.filter((name) => before.has(name) || wanted.has(name));
  return names.flatMap((table) => {
    const was = listChains(ownTable(before.get(table), family, table, claim));
    const is = listChains(wanted.get(table) ?? NOTHING_OWN);
    const compared = { family, table, tool: toolset.variant, ...compareChains(was, is) };
    return was.size + is.size === 0 ? [] : [compared];
  });
}

/** In the words of iptables. Rules of ours in chains of others change nothing of these. */
function listChains({ chains, hooks }: OwnTable): Chains {
  const own = [...chains].map(
    ([chain, bodies]) => [`-N ${chain}`, bodies.map((body) => `-A ${chain} ${body}`)] as const,
  );
  const others = [...Map.groupBy(hooks, ({ chain }) => chain)].map(
    ([chain, rules]) => [chain, rules.map(({ body }) => `-A ${chain} ${body}`)] as const,
  );
  return new Map([...own, ...others]);
}

/** Tables are replaced whole; told is which of their lines are others afterwards. */
function previewNft(change: NftChange): readonly TablePreview[] {
  const was = new Map(change.before.tables.map(({ name, json, text }) => [name, readListed(name, json, text)]));
  const is = new Map(change.wanted.map((table) => [table.name, readBlocks(table.name, renderNftText([table]))]));
  const tables = [...new Set([...was.keys(), ...is.keys()])].map((table): TablePreview => {
    const changes = compareChains(was.get(table) ?? new Map(), is.get(table) ?? new Map());
    return { family: "inet", table, tool: "native-nftables", ...changes };
  });
  // The same lines in another order are put in anew all the same.
  const isReordered = planNftChange(change) !== "" && tables.every(isSame);
  return isReordered
    ? tables.map((one) => ({ ...one, added: one.unchanged, removed: one.unchanged, unchanged: [] }))
    : tables;
}

/** What cannot be read is told as nft prints it. */
function readListed(name: string, json: string, text: string): Chains {
  const read = readNft(json, { where: "nft" });
  return readBlocks(name, read.ok ? renderNftText(read.value.tables) : text);
}

/** Reads the blocks of one table, chains and sets, as commands of nft. */
function readBlocks(name: string, text: string): Chains {
  const blocks = new Map<string, readonly string[]>();
  for (const [, kind = "", own = "", body = ""] of text.matchAll(
    /^(?:\t| {2})(\w+) (\S+) \{\n(.*?)^(?:\t| {2})\}$/gms,
  )) {
    const lines = body
      .split("\n")
      .flatMap((line) => line.trim().replace(/\bcounter packets \d+ bytes \d+/g, "counter") || []);
    const [base, ...rules] = kind === "chain" && lines[0]?.startsWith("type ") ? lines : ["", ...lines];
    const content = kind === "chain" ? base : lines.join(" ");
    const made = `add ${kind} inet ${name} ${own}${content === "" ? "" : ` { ${content} }`}`;
    blocks.set(made, kind === "chain" ? rules.map((rule) => `add rule inet ${name} ${own} ${rule}`) : []);
  }
  return blocks;
}

function compareChains(was: Chains, is: Chains): Omit<TablePreview, "family" | "table" | "tool"> {
  const all = [...new Set([...was.keys(), ...is.keys()])];
  const compared = all.map((chain) => compareRules(was.get(chain) ?? [], is.get(chain) ?? []));
  const isMade = (chain: string) => chain.includes(" ");
  return {
    added: compared.flatMap(({ added }) => added),
    removed: compared.flatMap(({ removed }) => removed),
    unchanged: compared.flatMap(({ unchanged }) => unchanged),
    chains: {
      added: [...is.keys()].filter((chain) => isMade(chain) && !was.has(chain)),
      removed: [...was.keys()].filter((chain) => isMade(chain) && !is.has(chain)),
    },
  };
}

/** A rule that moves goes and comes. */
function compareRules(was: readonly string[], is: readonly string[]): Changes {
  const parts = diffArrays([...was], [...is], { maxEditLength: EDITS_AT_MOST });
  if (parts === undefined) return { added: is, removed: was, unchanged: [] };
  const pick = (wanted: "added" | "removed" | null) =>
    parts.flatMap(({ added, removed, value }) =>
      (added ? "added" : removed ? "removed" : null) === wanted ? value : [],
    );
  return { added: pick("added"), removed: pick("removed"), unchanged: pick(null) };
}

function isSame({ added, removed, chains }: TablePreview): boolean {
  return added.length + removed.length + chains.added.length + chains.removed.length === 0;
}
