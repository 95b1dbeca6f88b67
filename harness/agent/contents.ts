import { runChecked } from "./command.ts";
import { runInNamespace } from "./identity.ts";
import { LEGACY_TABLE_LISTS, nameTool, readTableNames } from "./kernel-rules.ts";
import { readNamespaceNetwork } from "./network-state.ts";
import type { NamespaceContents } from "./protocol.ts";

/** What iptables-legacy-save prints of a table without rules: comments, the table, its built-in chains that accept, and its end. */
const OF_EMPTY_TABLE = /^(#.*|\*\w+|:[A-Z]+ ACCEPT \[\d+:\d+\]|COMMIT|)$/;
/** The kernel gives an interface such addresses and routes when it likes. */
const LINK_LOCAL = /^(fe80:|ff00:|multicast )/;

/**
 * Gives what there is in a namespace, a descriptor or null for the agent's own. What cannot be read is a fault: it must not pass for
 * nothing. Throws `agent-failed` and `environment`.
 */
export async function readContents(namespace: number | null): Promise<NamespaceContents> {
  const [tables, legacy, network] = await Promise.all([
    runChecked({ namespace, command: ["nft", "list", "ruleset"] }),
    Promise.all(LEGACY_TABLE_LISTS.map(([prefix, list]) => readLegacy(namespace, prefix, list))),
    readNamespaceNetwork(namespace),
  ]);
  const { rules, routes, addresses, neighbours } = network;
  const all = [...Object.values(rules), ...Object.values(routes), addresses, neighbours].flat();
  return {
    rules: [tables, ...legacy].join("").trim(),
    network: all.filter((line) => !LINK_LOCAL.test(line)).toSorted(),
  };
}

/** Merely asking for a table of iptables-legacy makes it, so that only those that are there are asked for. */
async function readLegacy(
  namespace: number | null,
  prefix: (typeof LEGACY_TABLE_LISTS)[number][0],
  list: string,
): Promise<string> {
  if (runInNamespace(namespace, () => readTableNames(list)).length === 0) return "";
  const text = await runChecked({ namespace, command: [nameTool(prefix, "legacy", "save")] });
  const lines = text.split("\n").filter((line) => !OF_EMPTY_TABLE.test(line));
  return lines.map((line) => `${prefix}-legacy ${line}\n`).join("");
}
