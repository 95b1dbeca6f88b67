import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { describeFailure, LandfallError } from "../../errors.ts";
import { parseIptablesSave } from "../../formats/iptables-save.ts";
import { toolOfFamily } from "../../formats/tool-name.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import { engineFailed, unlessGone } from "./engine.ts";

/** Rules of one container, as one of the kernel's two interfaces holds them. Both apply where both are there. */
export interface ContainerRuleset {
  readonly variant: "nft" | "legacy";
  readonly ruleset: Ruleset;
}

/** A running container and every rule that is in its network namespace, with counters. */
export interface ContainerRules {
  readonly id: string;
  readonly name: string;
  /** Its first process, as this machine counts. */
  readonly pid: number;
  readonly rulesets: readonly ContainerRuleset[];
}

const run = promisify(execFile);
const SAVED_AT_MOST_BYTES = 2 ** 28;
/** proc_pid_net(5): the tables of iptables-legacy in a process's namespace. Merely listing legacy would make one. */
const LEGACY_TABLES: Readonly<Record<Family, string>> = { 4: "ip_tables_names", 6: "ip6_tables_names" };

/**
 * Reads the rules of a running container: from its name or id to its first process, from there to the network namespace, and there
 * `iptables-save -c`. Changes nothing. Needs root, since it enters the namespace, and an engine on this machine.
 * Throws `bad-input` where there is no such container or it does not run, `environment` where its network namespace cannot be entered.
 */
export async function readContainerRules(engine: Docker, nameOrId: string): Promise<ContainerRules> {
  const found = await unlessGone(engine.getContainer(nameOrId).inspect()).catch((error) => {
    throw engineFailed(`look for the container ${nameOrId}`, error);
  });
  if (!found?.State.Running) {
    const what = found ? `The container ${nameOrId} exists but is not running` : `There is no container ${nameOrId}`;
    throw new LandfallError("bad-input", `${what}; docker ps lists the running ones.`);
  }
  const pid = found.State.Pid;
  const rulesets = await Promise.all(FAMILIES.flatMap((family) => [readNft(pid, family), readLegacy(pid, family)]));
  const name = found.Name.replace(/^\//, "");
  return { id: found.Id, name, pid, rulesets: rulesets.filter((one) => one !== null) };
}

async function readNft(pid: number, family: Family): Promise<ContainerRuleset> {
  return { variant: "nft", ruleset: await readRuleset(pid, `${toolOfFamily(family)}-nft-save`, family) };
}

async function readLegacy(pid: number, family: Family): Promise<ContainerRuleset | null> {
  const tables = await readFile(`/proc/${pid}/net/${LEGACY_TABLES[family]}`, "utf8").catch(() => "");
  if (tables.trim() === "") return null;
  return { variant: "legacy", ruleset: await readRuleset(pid, `${toolOfFamily(family)}-legacy-save`, family) };
}

async function readRuleset(pid: number, tool: string, family: Family): Promise<Ruleset> {
  const text = await saveRules(pid, tool);
  const parsed = parseIptablesSave(text, { where: tool, family });
  if (parsed.ok) return parsed.value;
  throw new LandfallError("environment", `the output of ${tool} cannot be parsed.`, { findings: parsed.findings });
}

async function saveRules(pid: number, tool: string): Promise<string> {
  const args = [`--target=${pid}`, "--net", "--", tool, "-c"];
  try {
    return (await run("nsenter", args, { maxBuffer: SAVED_AT_MOST_BYTES })).stdout;
  } catch (error) {
    const said = describeFailure(error);
    const remedy =
      process.getuid?.() === 0
        ? "Check that the engine runs on this machine and that iptables is installed."
        : "Run as root: sudo.";
    throw new LandfallError("environment", `the namespace of process ${pid} could not be entered: ${said}. ${remedy}`, {
      cause: error,
    });
  }
}
