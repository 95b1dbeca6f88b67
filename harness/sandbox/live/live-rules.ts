import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describeFailure, LandfallError } from "../../errors.ts";
import { parseIptablesSave } from "../../formats/iptables-save.ts";
import { readNft } from "../../formats/nft/read-nft.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import type { Ruleset, Table } from "../../model/ruleset.ts";
import type { LiveNamespace } from "./live-namespace.ts";

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
/** proc_pid_net(5): the tables of iptables-legacy in a process's namespace. Merely listing legacy would make one. */
const LEGACY_TABLES: Readonly<Record<Family, string>> = { 4: "ip_tables_names", 6: "ip6_tables_names" };
const ROUTING = ["ip -4 rule", "ip -6 rule", "ip -4 route show table all", "ip -6 route show table all", "ip -o addr"];

/**
 * Reads the rules of a live network namespace: those of iptables-nft, iptables-legacy and native nftables, policy routing and sets. Starts
 * only programs that print. Needs root, since it enters the namespace. Throws `environment` where it cannot be entered or read.
 */
export async function readLiveRules(live: LiveNamespace): Promise<LiveRules> {
  const iptables = await Promise.all(FAMILIES.flatMap((family) => [readByNft(live, family), readLegacy(live, family)]));
  const rulesets = iptables.filter((one) => one !== null);
  const native = await readNative(live, rulesets);
  const routing = await Promise.all(
    ROUTING.map(async (command) => `# ${command}\n${await print(live, command.split(" "), "may-fail")}`),
  );
  const sets = await print(live, ["ipset", "save"], "may-fail");
  const addresses = [...routing.join("").matchAll(/ (?:inet|inet6) (\S+)\/\d+ .*scope global/g)].map(
    ([, at = ""]) => at,
  );
  return { ...native, rulesets: [...rulesets, ...native.rulesets], routing: routing.join(""), sets, addresses };
}

async function readByNft(live: LiveNamespace, family: Family): Promise<LiveRuleset> {
  return {
    variant: "nft",
    ruleset: await readRuleset(live, `${toolOfFamily(family)}-nft-save`, family, "iptables-nft"),
  };
}

async function readLegacy(live: LiveNamespace, family: Family): Promise<LiveRuleset | null> {
  const tables = await print(live, ["cat", `/proc/net/${LEGACY_TABLES[family]}`], "may-fail");
  if (tables.trim() === "") return null;
  const tool = `${toolOfFamily(family)}-legacy-save`;
  return { variant: "legacy", ruleset: await readRuleset(live, tool, family, "iptables-legacy") };
}

/** Tables of iptables-nft are tables of nft as well, and were read by their own tool. */
async function readNative(
  live: LiveNamespace,
  known: readonly LiveRuleset[],
): Promise<{ readonly rulesets: readonly LiveRuleset[]; readonly notices: readonly string[] }> {
  const text = await print(live, ["nft", "-j", "list", "ruleset"], "may-fail");
  if (text === "") return { rulesets: [], notices: [] };
  const isKnown = ({ family, name }: Table) =>
    known.some(
      ({ variant, ruleset }) =>
        variant === "nft" &&
        family === (ruleset.family === 4 ? "ip" : "ip6") &&
        ruleset.tables.some((table) => table.name === name),
    );
  const read = readNft(text, { where: "nft -j list ruleset" });
  if (!read.ok)
    throw new LandfallError("environment", "the output of nft cannot be parsed.", { findings: read.findings });
  const { ip, ip6, notices } = read.value;
  const rulesets = [ip, ip6].flatMap((ruleset): readonly LiveRuleset[] => {
    const tables = ruleset?.tables.filter((table) => !isKnown(table)) ?? [];
    return ruleset === null || tables.length === 0 ? [] : [{ variant: "native", ruleset: { ...ruleset, tables } }];
  });
  return { rulesets, notices };
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

/** `may-fail`: a program that is not there, or has nothing to print, gives an empty text. */
async function print(
  { path, name }: LiveNamespace,
  command: readonly string[],
  failure: "must-run" | "may-fail",
): Promise<string> {
  try {
    return (await run("nsenter", [`--net=${path}`, "--", ...command], { maxBuffer: READ_AT_MOST_BYTES })).stdout;
  } catch (error) {
    if (failure === "may-fail" && (error as NodeJS.ErrnoException).code !== "ENOENT") return "";
    const remedy =
      process.getuid?.() === 0 ? "Check that iptables and util-linux are installed." : "Run as root: sudo.";
    const message = `the network namespace of ${name} could not be read: ${describeFailure(error)}. ${remedy}`;
    throw new LandfallError("environment", message, { cause: error });
  }
}
