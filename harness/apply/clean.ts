import { LandfallError } from "../errors.ts";
import { listIpLines, renderIpCommand } from "../formats/ip-commands.ts";
import { FAMILIES, type Family } from "../model/address.ts";
import type { TableName } from "../model/iptables-tables.ts";
import type { PolicyRouting } from "../model/policy-routing.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork } from "./network-state.ts";
import { commitNftChange, type NftChange, planNftChange } from "./nft-tables.ts";
import { guessOwnRouting, intersectRouting, isEmptyRouting, subtractRouting } from "./own-routing.ts";
import { type Claim, jumpsToOwn, ownTable } from "./own-rules.ts";
import { type Ownership, readOwnership } from "./ownership.ts";
import { NOTHING_MADE, removeRecord, writeRecord } from "./record.ts";
import { listReplacedNftRules } from "./replaced-nft-rules.ts";
import { listReplacedRules } from "./replaced-rules.ts";
import { explainUnusable, type InstalledRules } from "./toolsets.ts";
import { commitChanges, planChange, type RulesChange } from "./transaction.ts";

/** The tables in which some mesh makes anything. */
const TABLES: Readonly<Record<Family, readonly TableName[]>> = {
  4: ["raw", "mangle", "nat"],
  6: ["raw", "mangle", "nat", "filter"],
};

/** What `clean` has removed, and whose it was. */
export interface Cleaned {
  /** What was carried out, input of `nft -f`, of `iptables-restore` and lines of `ip -batch`; nothing where there was nothing to clean. */
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
  /** Of the rules that were removed those that no `apply` had made, as command lines; without a record all. */
  readonly foreign: readonly string[];
  readonly hasRecord: boolean;
}

/**
 * Takes out of the network namespace everything that the generator makes, of both variants: our nft tables, chains and the rules that lead
 * to them, then policy routing and addresses. Foreign rules stay, and what was there before `apply`, as far as its record knows. Throws
 * `environment`, with nothing done, where a table of ours cannot be read.
 */
export function cleanRules(namespace: NamespaceState): Cleaned {
  const { network } = namespace;
  const ours = readOwnership(namespace, "clean");
  const changes = namespace.variants.flatMap((variant) => planRemoval(variant, ours.claim));
  const nft: NftChange = { before: namespace.nft, wanted: [] };
  const lines = listIpLines(intersectRouting(network.routing, ours.routing), "del");
  if (ours.record === null && lines.length > 0) noteGuess(changes, ours, network.links);
  commitNftChange(nft);
  commitChanges(changes);
  changeNetwork(lines);
  const fault = leavesLookalikes(changes, network.routing, ours)
    ? writeRecord({ ...NOTHING_MADE, links: network.links })
    : removeRecord();
  return {
    removed: [planNftChange(nft), ...changes.map(planChange), ...lines.map(renderIpCommand)].filter(
      (line) => line !== "",
    ),
    warnings: fault === null ? [] : [fault],
    foreign: [
      ...listReplacedRules(changes, ours.record?.rules ?? null),
      ...listReplacedNftRules(nft, ours.record === null ? null : (ours.record.nftRules ?? [])),
    ],
    hasRecord: ours.record?.rules !== undefined,
  };
}

function planRemoval({ toolset, families }: InstalledRules, claim: Claim): readonly RulesChange[] {
  return FAMILIES.flatMap((family): readonly RulesChange[] => {
    const read = families[family];
    if ("why" in read) return [];
    const why = explainUnusable(read, TABLES[family]);
    if (why !== null) throw new LandfallError("environment", `The rules cannot be cleaned (IPv${family}): ${why}.`);
    return [{ toolset, family, before: read.state, claim, claimAfter: claim, wanted: new Map() }];
  });
}

/** A `clean` that is killed once the rules are out would leave nothing behind by which the next one knows mark and table. */
function noteGuess(changes: readonly RulesChange[], { claim, routing }: Ownership, links: readonly string[]): void {
  const hooks = changes.flatMap(({ family, before }) =>
    [...before].flatMap(([table, state]) =>
      ownTable(state, family, table, claim)
        .hooks.filter(({ body }) => !jumpsToOwn(body))
        .map(({ chain, body }) => ({ family, table, chain, body, foreign: 0 })),
    ),
  );
  writeRecord({ ...NOTHING_MADE, links, hooks, routing });
}

/**
 * Says whether something stays that looks like the generator's and was there before: then a second `clean` must know that nothing is ours.
 */
function leavesLookalikes(changes: readonly RulesChange[], present: PolicyRouting, ours: Ownership): boolean {
  const counts = (claim: Claim) =>
    changes.map(({ before, family }) =>
      [...before].map(([name, table]) => ownTable(table, family, name, claim).hooks.length),
    );
  const guessed = guessOwnRouting(
    present,
    changes.map(({ before }) => before),
  );
  const keepsRouting = !isEmptyRouting(subtractRouting(guessed, ours.routing));
  return keepsRouting || counts({ kind: "all" }).flat(2).join() !== counts(ours.claim).flat(2).join();
}
