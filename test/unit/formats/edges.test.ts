import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readNames } from "../../../harness/cli/input/names.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { Family } from "../../../harness/model/address.ts";

/** One rule, and whether landfall refuses it although the kernel takes it. */
interface EdgeRule {
  readonly family: Family;
  readonly where: string;
  readonly body: string;
  readonly isStricter: boolean;
  readonly text: string;
}

const SECTION = /^\[IPv([46]) (\w+) (\w+)\]\n([^[]*)/gm;
const STRICTER = "stricter: ";

function readRules(): readonly EdgeRule[] {
  const file = readFileSync(new URL("edge-rules.txt", import.meta.url), "utf8");
  return [...file.matchAll(SECTION)].flatMap(([, digit, table, chain, lines = ""]) =>
    lines.split("\n").flatMap((line): readonly EdgeRule[] => {
      if (line === "") return [];
      const body = line.replace(STRICTER, "");
      const text = `*${table}\n:${chain} ACCEPT [0:0]\n-A ${chain} ${body}\nCOMMIT\n`;
      const where = `IPv${digit} ${table} ${chain}`;
      return [{ family: digit === "6" ? 6 : 4, where, body, text, isStricter: line !== body }];
    }),
  );
}

/** Loads each rule by itself into a network namespace, and gives what the kernel says: `taken`, `refused`, or `missing` for a module. */
function askKernel(rules: readonly EdgeRule[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "landfall-edges-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [i, { text }] of rules.entries()) writeFileSync(join(folder, String(i)), text);
  const input = rules.map(({ family }, i) => `ip${family === 4 ? "" : "6"}tables ${i}\n`).join("");
  const script =
    "while read -r tool file; do said=$($tool-nft-restore <$file 2>&1) && echo taken && continue; " +
    'case "$said" in *"missing kernel module"*) echo missing;; *) echo refused;; esac; done';
  const options = { input, encoding: "utf8", cwd: folder } as const;
  return execFileSync("unshare", ["-n", "sh", "-c", script], options).trimEnd().split("\n");
}

test("values and places at the edge are refused exactly if the kernel refuses them, apart from the listed exceptions", {
  timeout: 300_000,
}, () => {
  const names = readNames();
  const rules = readRules();
  const said = askKernel(rules);
  const mistakes = rules.flatMap(({ family, where, body, text, isStricter }, i) => {
    const isTaken = parseIptablesSave(text, { where: "x", family, names }).ok;
    const expected = said[i] === "taken" && !isStricter;
    return said[i] === "missing" || (isTaken === expected && (!isStricter || said[i] === "taken"))
      ? []
      : [`${where} ${body}: the kernel says ${said[i]}, landfall ${isTaken ? "takes it" : "refuses it"}`];
  });
  expect(rules.length).toBeGreaterThan(1000);
  expect(mistakes).toEqual([]);
});

/** Rules that say a value in a way of their own, and the value that the kernel loads. */
const READ_AS: readonly (readonly [family: Family, body: string, loaded: string])[] = [
  [4, "-d 10.0.0", "-d 10.0.0.0/32"],
  [4, "-d 10.1/16", "-d 10.1.0.0/16"],
  [4, "-d 010.0.0.1", "-d 8.0.0.1/32"],
  [4, "-d 10.256", "-d 10.0.1.0/32"],
  [4, "-d 10.0.0.1/010", "-d 10.0.0.0/8"],
  [4, "-d 0/0", ""],
  [4, "-m iprange --dst-range 10.0.0-10.1", "-m iprange --dst-range 10.0.0.0-10.1.0.0"],
  [4, "-m conntrack --ctorigdst 10.1", "-m conntrack --ctorigdst 10.0.0.1"],
  [4, "-m conntrack --ctorigdstport 017", "-m conntrack --ctorigdstport 17"],
  [4, "-p tcp --dport 017", "-p tcp -m tcp --dport 15"],
  [4, "-p udp --dport 017", "-p udp -m udp --dport 17"],
  [4, "! -p tcp --dport 80", "! -p tcp -m tcp --dport 80"],
  [4, "! -p tcp -m tcp --sport 1 ! --dport 80", "! -p tcp -m tcp --sport 1 ! --dport 80"],
  [4, "-p tcp --tcp-flags syn,ack syn", "-p tcp -m tcp --tcp-flags SYN,ACK SYN"],
  [6, "-d ::1/0x40", "-d ::/64"],
];

test.each(READ_AS)("IPv%i %s is read as the kernel loads it: %s", (family, body, loaded) => {
  const text = (each: string) => `*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT ${each}\nCOMMIT\n`;
  const tool = family === 4 ? "iptables" : "ip6tables";
  const script = `base64 -d | ${tool}-nft-restore && ${tool}-nft-save -t filter`;
  const printed = execFileSync("unshare", ["-n", "sh", "-c", script], { input: btoa(text(body)), encoding: "utf8" });
  expect(printed).toContain(`-A OUTPUT${loaded === "" ? "" : ` ${loaded}`}\n`);
  const [one, other] = [body, loaded].map((each) => parseIptablesSave(text(each), { where: "x", family }));
  const matches = [one, other].map((read) =>
    read?.ok
      ? read.value.tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules.map((rule) => rule.matches)))
      : read,
  );
  expect(matches[0]).toEqual(matches[1]);
});
