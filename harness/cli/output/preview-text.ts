import type { Preview, TablePreview } from "../../apply/preview.ts";

const TOOLS = { nft: "iptables-nft", legacy: "iptables-legacy", "native-nftables": "nftables" } as const;

/**
 * Gives what `apply` would do as text: each table with the number of rules that would come, go and stay and the lines of those that change,
 * then policy routing, then the sum.
 */
export function renderPreview({ tables, policyRouting, outcome }: Preview): string {
  const blocks = tables.flatMap(renderTable);
  const routing = policyRouting.flatMap((one) => [
    `IPv${one.family} policy routing: ${count(one)}`,
    ...list(one.removed, "-"),
    ...list(one.added, "+"),
  ]);
  const all = [...tables, ...policyRouting];
  const sum = count({
    added: all.flatMap((one) => one.added),
    removed: all.flatMap((one) => one.removed),
    unchanged: all.flatMap((one) => one.unchanged),
  });
  const verdict = outcome === "unchanged" ? "Nothing would change" : "The rules would change";
  return [...blocks, ...routing, `${verdict}: ${sum}.`, ""].join("\n");
}

function renderTable(preview: TablePreview): readonly string[] {
  const { family, table, tool, added, removed, chains } = preview;
  const name = family === "inet" ? `inet ${table}` : `IPv${family} ${table}`;
  return [
    `${name} (${TOOLS[tool]}): ${count(preview)}`,
    ...list([...chains.removed, ...removed], "-"),
    ...list([...chains.added, ...added], "+"),
  ];
}

function count({ added, removed, unchanged }: Pick<TablePreview, "added" | "removed" | "unchanged">): string {
  return `${added.length} added, ${removed.length} removed, ${unchanged.length} unchanged`;
}

function list(lines: readonly string[], sign: "+" | "-"): readonly string[] {
  return lines.map((line) => `  ${sign} ${line}`);
}
