import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { promisify } from "node:util";
import { describeFailure, LandfallError } from "../../errors.ts";
import { parseIptablesSave } from "../../formats/iptables-save.ts";
import { readNft } from "../../formats/nft/read-nft.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { familyKey, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { LiveNamespace } from "./live-namespace.ts";

/** nft 1.0.6 prints in JSON whatever lies in memory for the flags of a table, and sometimes nothing behind it; its text is right. */
const TABLE_WITH_FLAGS = /"table": \{[^{}]*"flags": /;

/** Rules of a namespace, as one of the kernel's interfaces holds them. All apply where several are there. */
export interface LiveRuleset {
  readonly variant: "nft" | "legacy" | "native";
  readonly ruleset: Ruleset;
}

/** Everything in a network namespace that decides where flows land. */
export interface LiveRules {
  readonly rulesets: readonly LiveRuleset[];
  /** Sentences about what is there and is no part of any answer, such as tables of other families. */
  readonly notices: readonly string[];
  /** What `ip rule`, `ip route show table all` and `ip -o addr` print, each below a line `# COMMAND`. */
  readonly routing: string;
  /** What `ipset save` prints; empty without sets, or without ipset. */
  readonly sets: string;
  /** The addresses of its interfaces that others can reach, in order, canonical text. */
  readonly addresses: readonly string[];
}

const run = promisify(execFile);
const READ_AT_MOST_BYTES = 2 ** 28;
/** What nsenter ends with where the program to run is not there (nsenter.c in util-linux), as a shell does. */
const EXIT_NOT_FOUND = 127;
const NOT_ENTERED = /^nsenter: /m;
/** proc_pid_net(5): the tables of iptables-legacy in a process's namespace. Merely listing legacy would make one. */
const LEGACY_TABLES: Readonly<Record<Family, string>> = { 4: "ip_tables_names", 6: "ip6_tables_names" };
const ROUTING = [
  ["-4", "rule"],
  ["-6", "rule"],
  ["-4", "route", "show", "table", "all"],
  ["-6", "route", "show", "table", "all"],
  ["-o", "addr"],
];

/**
 * Reads the rules of a live network namespace: those of iptables-nft, iptables-legacy and native nftables, policy routing and sets. Starts
 * only programs that print. Needs root, and SYS_ADMIN for a namespace other than its own. Throws `environment` where it cannot be entered,
 * or a program is missing without which rules could be there that nobody sees.
 */
export async function readLiveRules(live: LiveNamespace): Promise<LiveRules> {
  const iptables = await Promise.all(FAMILIES.flatMap((family) => [readByNft(live, family), readLegacy(live, family)]));
  const rulesets = iptables.filter((one) => one !== null);
  const native = await readNative(live, rulesets);
  const routing = await Promise.all(
    ROUTING.map(async (command) => `# ip ${command.join(" ")}\n${await print(live, ["ip", ...command], "must-exist")}`),
  );
  const sets = await print(live, ["ipset", "save"], "may-fail");
  const addresses = [...routing.join("").matchAll(/ (?:inet|inet6) (\S+)\/\d+ .*scope global/g)].map(
    ([, at = ""]) => at,
  );
  return { ...native, routing: routing.join(""), sets, addresses };
}

async function readByNft(live: LiveNamespace, family: Family): Promise<LiveRuleset> {
  return {
    variant: "nft",
    ruleset: await readRuleset(live, `${toolOfFamily(family)}-nft-save`, family, "iptables-nft"),
  };
}

async function readLegacy(live: LiveNamespace, family: Family): Promise<LiveRuleset | null> {
  const tables = await print(live, ["cat", `/proc/net/${LEGACY_TABLES[family]}`], "must-exist");
  if (tables.trim() === "") return null;
  const tool = `${toolOfFamily(family)}-legacy-save`;
  return { variant: "legacy", ruleset: await readRuleset(live, tool, family, "iptables-legacy") };
}

/** Tables of iptables-nft are tables of nft as well, and were read by their own tool, which gives way where they have rules of nft. */
async function readNative(
  live: LiveNamespace,
  known: readonly LiveRuleset[],
): Promise<Pick<LiveRules, "rulesets" | "notices">> {
  const json = await print(live, ["nft", "-j", "list", "ruleset"], "must-run");
  const text = TABLE_WITH_FLAGS.test(json) ? await print(live, ["nft", "-a", "list", "ruleset"], "must-run") : json;
  const isNamed = ({ family, name }: Table) =>
    known.some(
      ({ variant, ruleset }) =>
        variant === "nft" &&
        family === familyKey(ruleset.family) &&
        ruleset.tables.some((table) => table.name === name),
    );
  const read = readNft(text, { where: "nft -j list ruleset" });
  if (!read.ok)
    throw new LandfallError("environment", "the output of nft cannot be parsed.", { findings: read.findings });
  const { ip, ip6, tables: all, notices } = read.value;
  const foreign = all.filter((table) => isNamed(table) && hasForeignRules(table));
  const rulesets = [ip, ip6].flatMap((ruleset): readonly LiveRuleset[] => {
    const tables = ruleset?.tables.filter((table) => !isNamed(table) || foreign.includes(table)) ?? [];
    return ruleset === null || tables.length === 0 ? [] : [{ variant: "native", ruleset: { ...ruleset, tables } }];
  });
  const isLeft = (variant: LiveRuleset["variant"], family: Family, name: string) =>
    variant !== "nft" || !foreign.some((table) => table.family === familyKey(family) && table.name === name);
  const own = known.map(({ variant, ruleset }) => ({
    variant,
    ruleset: { ...ruleset, tables: ruleset.tables.filter(({ name }) => isLeft(variant, ruleset.family, name)) },
  }));
  return { rulesets: [...own, ...rulesets], notices };
}

/**
 * Says whether a table has a rule that iptables-nft has not made: each of its own counts. iptables-nft-save may print such a rule as
 * another one, so that the table is read as nft has it.
 */
function hasForeignRules({ chains }: Table): boolean {
  return chains.some(({ rules }) => rules.some(({ counters }) => counters === undefined));
}

async function readRuleset(
  live: LiveNamespace,
  tool: string,
  family: Family,
  source: Table["source"],
): Promise<Ruleset> {
  const text = await print(live, [tool, "-c"], "must-run");
  const parsed = parseIptablesSave(text, { where: tool, family });
  if (parsed.ok) return { ...parsed.value, tables: parsed.value.tables.map((table) => ({ ...table, source })) };
  throw new LandfallError("environment", `the output of ${tool} cannot be parsed.`, { findings: parsed.findings });
}

/**
 * Gives what a program prints in a namespace. `must-run`: it ends well. `must-exist`: it may end badly, with nothing to print. `may-fail`:
 * it need not be there, either. A program that reads rules has to be there: what nobody looks at would be taken for no rule.
 */
async function print(
  { path, name }: LiveNamespace,
  command: readonly [program: string, ...args: string[]],
  failure: "must-run" | "must-exist" | "may-fail",
): Promise<string> {
  const [program, ...args] = command;
  // Who is in the namespace need not enter it: a container beside a pod's may lack CAP_SYS_ADMIN.
  const entered = isOwn(path) ? null : "nsenter";
  try {
    const options = { maxBuffer: READ_AT_MOST_BYTES };
    if (entered === null) return (await run(program, args, options)).stdout;
    return (await run(entered, [`--net=${path}`, "--", ...command], options)).stdout;
  } catch (error) {
    const { code, stderr = "" } = error as { readonly code?: string | number; readonly stderr?: string };
    const isMissing = entered === null ? code === "ENOENT" : code === EXIT_NOT_FOUND;
    const isEntered = entered === null || code !== "ENOENT";
    if (failure === "may-fail" && isEntered) return "";
    if (failure === "must-exist" && isEntered && !isMissing && !NOT_ENTERED.test(stderr)) return "";
    const message = `the network namespace of ${name} could not be read: ${describeFailure(error)}. ${remedyFor(isMissing ? program : null, stderr)}`;
    throw new LandfallError("environment", message, { cause: error });
  }
}

function isOwn(path: string): boolean {
  try {
    const [own, other] = [statSync("/proc/self/ns/net"), statSync(path)];
    return own.ino === other.ino && own.dev === other.dev;
  } catch {
    return false;
  }
}

function remedyFor(missing: string | null, stderr: string): string {
  if (missing !== null) return `Install ${missing}: without it rules could be there that nobody sees.`;
  if (process.getuid?.() !== 0) return "Run as root: sudo.";
  if (/not permitted|Permission denied/.test(stderr))
    return "Entering a namespace needs the capability SYS_ADMIN: run on the node, or in a privileged container.";
  return "Check that iptables, util-linux and nft with JSON support are installed.";
}
