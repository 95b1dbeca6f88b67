import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { renderList } from "../../harness/formats/list.ts";
import { renderListing } from "../../harness/formats/listing.ts";
import type { Family } from "../../harness/model/address.ts";
import type { Chain, Ruleset } from "../../harness/model/ruleset.ts";
import { countRuns } from "../thoroughness.ts";
import { arbitraryRuleset } from "./arbitrary-ruleset.ts";
import { findUnloadable } from "./loadable.ts";

const FAMILIES: readonly Family[] = [4, 6];
/** Rule sets put into a real kernel, by family and variant. */
const KERNEL_RUNS = countRuns(4);

describe.each(FAMILIES)("rule sets of IPv%i", (family) => {
  test("come back as they were from their own text", () => {
    fc.assert(
      fc.property(arbitraryRuleset({ family, vocabulary: "whole" }), (ruleset) => {
        const parsed = parseIptablesSave(renderIptablesSave(ruleset), { where: "rendered" });
        expect(parsed.ok ? withoutLines(parsed.value) : parsed.findings).toEqual(ruleset);
      }),
    );
  });

  test.each(["nft", "legacy"])("come back as they were from the kernel, by %s", (variant) => {
    const rulesets = fc.sample(
      arbitraryRuleset({ family, vocabulary: "whole", without: findUnloadable() }),
      KERNEL_RUNS,
    );
    const printed = loadIntoKernel(rulesets, family, variant);
    for (const [i, ruleset] of rulesets.entries()) {
      expect(splitTables(printed[i]?.save ?? "")).toEqual(splitTables(renderIptablesSave(ruleset)));
      const tables = ruleset.tables.map((table) => table.name);
      expect(printed[i]?.list).toBe(tables.map((table) => renderList(ruleset, table)).join(""));
      if (!hasUnknown(ruleset))
        expect(printed[i]?.listing).toBe(tables.map((table) => renderListing(ruleset, table)).join(""));
    }
  });
});

function withoutLines(ruleset: Ruleset): Ruleset {
  const strip = (chain: Chain): Chain => ({
    ...chain,
    rules: chain.rules.map(({ line: _line, text: _text, ...rule }) => rule),
  });
  return { ...ruleset, tables: ruleset.tables.map((table) => ({ ...table, chains: table.chains.map(strip) })) };
}

function hasUnknown(ruleset: Ruleset): boolean {
  return JSON.stringify(ruleset.tables, (key, value) => (key === "network" ? null : value)).includes(
    '"kind":"unknown"',
  );
}

/** Tables by name, since the variants print them in different orders. Tables that were only touched have no place here. */
function splitTables(text: string): ReadonlyMap<string, string> {
  const tables = text.replaceAll(/^#.*\n/gm, "").matchAll(/^\*(\w+)\n([\s\S]*?)^COMMIT$/gm);
  return new Map([...tables].map(([, name = "", body = ""]) => [name, body]));
}

interface Printed {
  readonly save: string;
  readonly list: string;
  readonly listing: string;
}

/** Puts each rule set into a network namespace of its own, and gives what iptables prints there. */
function loadIntoKernel(rulesets: readonly Ruleset[], family: Family, variant: string): readonly Printed[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-save-"));
  try {
    const tool = `${family === 4 ? "iptables" : "ip6tables"}-${variant}`;
    for (const [i, ruleset] of rulesets.entries()) writeFileSync(join(folder, String(i)), renderIptablesSave(ruleset));
    const print = `
      ${tool}-restore < $1 && ${tool}-save > $1.save
      for table in $(sed -n 's/^[*]//p' $1); do ${tool} -t $table -S >> $1.list; ${tool} -t $table -n -L >> $1.listing; done`;
    const each = `for i in $(seq 0 ${rulesets.length - 1}); do unshare -n sh -ec '${print.replaceAll("'", "'\\''")}' sh $i; done`;
    execFileSync("sh", ["-ec", each], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const read = (i: number, what: string) => readFileSync(join(folder, `${i}.${what}`), "utf8");
    return rulesets.map((_, i) => ({ save: read(i, "save"), list: read(i, "list"), listing: read(i, "listing") }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
