import type { Family } from "../model/address.ts";
import type { Chain, Counters, Rule, Ruleset } from "../model/ruleset.ts";
import { nextChain } from "./chain-graph.ts";
import { chainsInOrder } from "./list.ts";
import { describeMatches } from "./listing-matches.ts";
import { type Naming, renderAddressColumn, renderInterfaceColumn, renderProtocolColumns } from "./listing-names.ts";
import { describeTarget, nameTarget } from "./listing-targets.ts";

/** How `iptables -L` is asked to print. */
export interface ListingOptions {
  /** `-v`: counters and interfaces as well. */
  readonly verbose?: "verbose" | "short";
  /** `--line-numbers`. */
  readonly lineNumbers?: "numbered" | "plain";
  /** Names for addresses, services and users; `numbers` is `-n`. */
  readonly naming?: Naming;
}

type Settings = Required<ListingOptions>;

/**
 * Gives one table as `iptables -t TABLE -L` of iptables 1.8.9 prints it (iptables/xshared.c, `print_rule_details`), without asking a
 * kernel: chain by chain, a blank line between them. Counters are those the rule set carries, else 0.
 */
export function renderListing(ruleset: Ruleset, table: string, options: ListingOptions = {}): string {
  const settings: Settings = { verbose: "short", lineNumbers: "plain", naming: "numbers", ...options };
  const chains = chainsInOrder(ruleset, table);
  const references = countReferences(chains);
  return chains
    .map((chain) => renderChain(chain, references.get(chain.name) ?? 0, ruleset.family, settings))
    .join("\n");
}

function countReferences(chains: readonly Chain[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of chains.flatMap((chain) => chain.rules.map(nextChain))) {
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function renderChain(chain: Chain, references: number, family: Family, settings: Settings): string {
  const counts = chain.counters ?? { packets: 0, bytes: 0 };
  const policyCounts =
    settings.verbose === "verbose"
      ? ` ${shortenCount(counts.packets)} packets, ${shortenCount(counts.bytes)} bytes`
      : "";
  const kind = chain.base === null ? `${references} references` : `policy ${chain.base.policy}${policyCounts}`;
  const rules = chain.rules.map((rule, i) => renderRow(rule, i + 1, family, settings));
  return [`Chain ${chain.name} (${kind})`, renderHead(settings), ...rules, ""].join("\n");
}

function renderHead({ verbose, lineNumbers }: Settings): string {
  const number = lineNumbers === "numbered" ? "num  " : "";
  const counts = verbose === "verbose" ? " pkts bytes " : "";
  const interfaces = verbose === "verbose" ? "in     out     " : "";
  return `${number}${counts}target     prot opt ${interfaces}source               destination         `;
}

function renderRow(rule: Rule, index: number, family: Family, settings: Settings): string {
  const { matches, target } = rule;
  const { naming } = settings;
  const isVerbose = settings.verbose === "verbose";
  return [
    settings.lineNumbers === "numbered" ? `${String(index).padEnd(4)} ` : "",
    isVerbose ? renderCounts(rule.counters) : "",
    `${nameTarget(target, family).padEnd(9)} ${renderProtocolColumns(matches, naming)} `,
    isVerbose ? ` ${renderInterfaceColumn(matches, "in-interface", naming)} ` : "",
    isVerbose ? `${renderInterfaceColumn(matches, "out-interface", naming)} ` : "",
    renderAddressColumn(matches, "source", family, naming),
    renderAddressColumn(matches, "destination", family, naming),
    target?.kind === "goto" ? "[goto] " : "",
    describeMatches(matches, naming),
    describeTarget(target, family, naming),
  ].join("");
}

function renderCounts({ packets, bytes }: Counters = { packets: 0, bytes: 0 }): string {
  return `${shortenCount(packets).padStart(5)} ${shortenCount(bytes).padStart(5)} `;
}

/** Five digits at the most, then thousands (libxtables/xtables.c, `xtables_print_num`, 1.8.9). */
function shortenCount(count: number): string {
  if (count <= 99_999) return String(count);
  let rest = count;
  for (const unit of ["K", "M", "G"]) {
    rest = Math.floor((rest + 500) / 1000);
    if (rest <= 9_999) return `${rest}${unit}`;
  }
  return `${Math.floor((rest + 500) / 1000)}T`;
}
