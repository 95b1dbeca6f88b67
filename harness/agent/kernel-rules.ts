// Long because what one tool has put in decides when another may: they share one memory of what stands.
import { readFileSync } from "node:fs";
import type { LoadableTexts } from "../model/given-rules.ts";
import { runChecked, runNamespaceCommand } from "./command.ts";
import { forgetConnections } from "./connection-tracking.ts";
import { CallError } from "./fault.ts";
import { runInNamespace } from "./identity.ts";
import { type NamespaceNetwork, readNamespaceNetwork, restoreNetworkState } from "./network-state.ts";
import { InstalledNftTables } from "./nft-rules.ts";
import { addPolicyRouting, removePolicyRouting } from "./policy-routing.ts";
import type { CallResult, InstallableRules, IptablesVariant, OtherMakers, RoutingText } from "./protocol.ts";
import { refuseOtherRoutes } from "./route-guard.ts";

type FamilyPrefix = "iptables" | "ip6tables";
/** Tables that were put in once, by family: they stay, if empty. */
type TouchedTables = Readonly<Record<FamilyPrefix, Set<string>>>;

/**
 * With `-v` iptables-restore prints a comment when it comes to it, which is after every table before it is in the kernel. Its end is not
 * waited for: closing nf_tables' netlink socket waits until the old rules' memory is free, 8 to 30 ms in which nobody else in the
 * namespace can put rules in (net/netfilter/nf_tables_api.c, nft_rcv_nl_event).
 * The comment is longer than the C library's buffer of a pipe, so that it is printed at once.
 */
const DONE_MARK = "#".repeat(64);
const DONE_COMMENT = `${"#".repeat(8192)}\n`;

/** With `-j`, nft opens /dev/stdin by its name, which a socket, as which Node gives it, has not: cat gives it a pipe. */
const LOAD_JSON = ["sh", "-c", "cat | nft -j -f -"] as const;

/** Where the kernel lists a family's tables of iptables-legacy, by the tools' name. */
export const LEGACY_TABLE_LISTS = [
  ["iptables", "/proc/net/ip_tables_names"],
  ["ip6tables", "/proc/net/ip6_tables_names"],
] as const;

const NO_ROUTING: RoutingText = { add: [], remove: [], addresses: [] };

/** The chains the kernel makes by itself; man 8 iptables, "TABLES". */
const BUILT_IN_CHAINS: Readonly<Record<string, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
  security: ["INPUT", "FORWARD", "OUTPUT"],
};
/** Tables of iptables-legacy that are made before any of iptables-nft's. Not every kernel has `security`: rules that name it make it. */
const MADE_FIRST = ["raw", "mangle", "nat", "filter"];

/** Gives the name of a tool of iptables in one of its variants: `ip6tables-nft-restore`. */
export function nameTool(prefix: FamilyPrefix, variant: IptablesVariant, tool: "restore" | "save" | null): string {
  return [prefix, ...(variant === "default" ? [] : [variant]), ...(tool === null ? [] : [tool])].join("-");
}

/**
 * The rules of one network namespace, and what has to be remembered to take them out again. Tables that have never been touched are left
 * alone: emptying a table makes it. What a tool does not accept is `rules-refused`, and then none of the rules are in.
 */
export class KernelRules {
  readonly #namespace: number | null;
  readonly #touched: TouchedTables = { iptables: new Set(), ip6tables: new Set() };
  /** Tables of iptables-legacy that stand beside another variant's. */
  readonly #beside: TouchedTables = { iptables: new Set(), ip6tables: new Set() };
  /** What was put in last, by program, and nobody has touched since: putting it in once more would only take the kernel's time. */
  readonly #standing = new Map<string, string>();
  readonly #nft: InstalledNftTables;
  #routing: RoutingText = NO_ROUTING;
  #before: NamespaceNetwork | null = null;

  constructor(namespace: number | null) {
    this.#namespace = namespace;
    this.#nft = new InstalledNftTables(namespace);
  }

  /** See `apply` of the protocol. */
  async apply({
    variant,
    ip,
    ip6,
    legacy,
    nft = "",
    policyRouting,
  }: Omit<InstallableRules, "namespace">): Promise<void> {
    const steps = await Promise.allSettled([
      this.#restoreBeside(legacy)
        .then(() => this.#restoreBoth(variant, ip, ip6))
        .then(() => this.#nft.load(nft)),
      this.#route(policyRouting),
      forgetConnections(this.#namespace),
    ]);
    const failure = steps.find((step) => step.status === "rejected");
    if (failure) {
      await this.clear(variant, "nobody-else");
      throw failure.reason;
    }
  }

  /**
   * See `clear` of the protocol. `somebody-else` may have put rules in: a script, an init container, the engine that made the namespace.
   */
  async clear(variant: IptablesVariant, others: OtherMakers): Promise<void> {
    if (others === "somebody-else") {
      this.#standing.clear();
      await this.#learnTables(variant);
      await this.#clearLegacy();
      await this.#nft.removeAllBut(this.#nameTouched());
    }
    if (this.#before) await restoreNetworkState(this.#namespace, this.#before);
    this.#before = null;
    await Promise.all([
      this.#restoreBeside(undefined)
        .then(() => this.#restoreBoth(variant, "", ""))
        .then(() => this.#nft.load("")),
      this.#route(NO_ROUTING),
      forgetConnections(this.#namespace),
    ]);
  }

  /** See `clear-all` of the protocol. */
  async clearAll(variant: IptablesVariant): Promise<void> {
    await this.clear(variant, "somebody-else");
    await this.#nft.removeAllBut([]);
    await this.#forgetTables(variant);
  }

  /** See `list-loaded` of the protocol. */
  async listLoaded(variant: IptablesVariant, { ip, ip6, nft }: LoadableTexts): Promise<CallResult<"list-loaded">> {
    await this.#forgetTables(variant);
    try {
      const refusal =
        (await this.#loadGiven([nameTool("iptables", variant, "restore"), "-w"], ip)) ??
        (await this.#loadGiven([nameTool("ip6tables", variant, "restore"), "-w"], ip6)) ??
        (await this.#loadGiven(nft?.trimStart().startsWith("{") ? LOAD_JSON : ["nft", "-f", "-"], nft));
      if (refusal !== null) return { refusal };
      return {
        ip: ip && mustList("iptables-save", await this.#save("iptables", variant)),
        ip6: ip6 && mustList("ip6tables-save", await this.#save("ip6tables", variant)),
        nft: nft && mustList("nft", await this.#nft.list("somebody-else")),
      };
    } finally {
      await this.clear(variant, "somebody-else");
    }
  }

  /** Tables that were put in once stay, if empty; whoever makes them anew must not find them. */
  async #forgetTables(variant: IptablesVariant): Promise<void> {
    if (variant !== "legacy") await this.#nft.remove(this.#nameTouched());
    this.#touched.iptables.clear();
    this.#touched.ip6tables.clear();
    this.#standing.clear();
  }

  /** Gives what a program says where it does not take a text; null where it does, or there is none. */
  async #loadGiven(command: readonly [program: string, ...args: string[]], text: string | null) {
    if (text === null) return null;
    const { status, stderr } = await runNamespaceCommand({ namespace: this.#namespace, command, stdin: text });
    return status === 0 ? null : stderr.trim();
  }

  /** See `remember` of the protocol. */
  async remember(): Promise<void> {
    this.#standing.clear();
    this.#before ??= await readNamespaceNetwork(this.#namespace);
  }

  /** See `refuse-other-routes` of the protocol. */
  async refuseOtherRoutes(): Promise<void> {
    if (this.#before) await refuseOtherRoutes(this.#namespace, this.#before);
  }

  /** See `counters` of the protocol. */
  async counters(variant: IptablesVariant, others: OtherMakers): Promise<CallResult<"counters">> {
    const [ip, ip6, nft, legacy, legacy6] = await Promise.all([
      this.#save("iptables", variant),
      this.#save("ip6tables", variant),
      this.#nft.list(others),
      ...LEGACY_TABLE_LISTS.map(([prefix, list]) =>
        others === "nobody-else" || variant === "legacy" ? null : this.#saveLegacy(prefix, list),
      ),
    ]);
    return { ip, ip6, nft: nft ?? null, legacy: { ip: legacy ?? null, ip6: legacy6 ?? null } };
  }

  /** Merely asking for the tables of the older interface makes them. */
  async #saveLegacy(prefix: FamilyPrefix, list: string): Promise<string | null> {
    if (runInNamespace(this.#namespace, () => readTableNames(list)).length === 0) return null;
    const { stdout } = await runNamespaceCommand({ namespace: this.#namespace, command: [prefix, "--version"] });
    // Where iptables itself is the older one, its tables have been read.
    return stdout.includes("(legacy)") ? null : this.#save(prefix, "legacy");
  }

  async #learnTables(variant: IptablesVariant): Promise<void> {
    const [ip, ip6] = await Promise.all([this.#save("iptables", variant), this.#save("ip6tables", variant)]);
    for (const table of namedTables(ip ?? "")) this.#touched.iptables.add(table);
    for (const table of namedTables(ip6 ?? "")) this.#touched.ip6tables.add(table);
  }

  /** Rules of the older kernel interface apply beside the newer one's; only its tables that are there are touched. */
  async #clearLegacy(): Promise<void> {
    for (const [prefix, list] of LEGACY_TABLE_LISTS) {
      const tables = runInNamespace(this.#namespace, () => readTableNames(list));
      if (tables.length === 0) continue;
      const command = [nameTool(prefix, "legacy", "restore"), "-w"];
      await runChecked({ namespace: this.#namespace, command, stdin: tables.map(renderEmptyTable).join("") });
    }
  }

  /**
   * Puts rules into iptables-legacy's tables beside those of iptables-nft, or takes them out. The kernel calls its chains from the first
   * time on, and later ones of one priority before them: all are made before any of iptables-nft's, whose tables go once for that. /
   */
  async #restoreBeside(legacy: InstallableRules["legacy"]): Promise<void> {
    const isFirst = this.#beside.iptables.size === 0;
    if (legacy === undefined && isFirst) return;
    if (isFirst) {
      await this.#nft.load("");
      await this.#forgetTables("nft");
      const every = MADE_FIRST.map(renderEmptyTable).join("");
      for (const prefix of ["iptables", "ip6tables"] as const)
        await this.#restore(prefix, "legacy", every, Promise.resolve(), this.#beside);
    }
    await this.#restore("iptables", "legacy", legacy?.ip ?? "", Promise.resolve(), this.#beside);
    await this.#restore("ip6tables", "legacy", legacy?.ip6 ?? "", Promise.resolve(), this.#beside);
  }

  /** Gives the tables of iptables that were put in, as nft names them. */
  #nameTouched(): readonly string[] {
    const { iptables, ip6tables } = this.#touched;
    return [...[...iptables].map((table) => `ip ${table}`), ...[...ip6tables].map((table) => `ip6 ${table}`)];
  }

  /** One after the other: iptables-nft 1.8.9 fails (RULE_FLUSH) where the other family's rules change under its hands. */
  async #restoreBoth(variant: IptablesVariant, ip: string | null, ip6: string | null): Promise<void> {
    const both = Promise.withResolvers<void>();
    try {
      if (ip !== null) await this.#restore("iptables", variant, ip, both.promise);
      if (ip6 !== null) await this.#restore("ip6tables", variant, ip6, both.promise);
    } finally {
      both.resolve();
    }
  }

  async #restore(
    prefix: FamilyPrefix,
    variant: IptablesVariant,
    text: string,
    lingerUntil: Promise<void>,
    tables = this.#touched,
  ) {
    const program = nameTool(prefix, variant, "restore");
    if (this.#standing.get(program) === text) return;
    this.#standing.delete(program);
    const touched = tables[prefix];
    const named = namedTables(text);
    if (named.some((table) => !touched.has(table))) this.#nft.outdate();
    const blank = [...touched].filter((table) => !named.includes(table)).map(renderEmptyTable);
    for (const table of named) touched.add(table);
    if (blank.length === 0 && named.length === 0) return;
    const { status, stderr } = await runNamespaceCommand({
      namespace: this.#namespace,
      command: [program, "-w", "-v"],
      stdin: `${blank.join("")}${text}\n${DONE_COMMENT}`,
      done: { mark: DONE_MARK, lingerUntil },
    });
    if (status !== 0) throw new CallError("rules-refused", `${program} refused the rules: ${stderr.trim()}`);
    this.#standing.set(program, text);
  }

  async #save(prefix: FamilyPrefix, variant: IptablesVariant): Promise<string | null> {
    const command = [nameTool(prefix, variant, "save"), "-c"];
    const { status, stdout } = await runNamespaceCommand({ namespace: this.#namespace, command });
    return status === 0 ? stdout : null;
  }

  /** Most rule sets that follow each other ask for the same routing: then it stays. */
  async #route(routing: RoutingText): Promise<void> {
    const before = this.#routing;
    if (JSON.stringify(routing) === JSON.stringify(before)) return;
    this.#routing = routing;
    await removePolicyRouting(this.#namespace, before);
    await addPolicyRouting(this.#namespace, routing);
  }
}

/** Of two listings that are missing nobody could say whether they differ. */
function mustList(program: string, listing: string | null): string {
  if (listing === null) throw new CallError("agent-failed", `${program} cannot list what was loaded`);
  return listing;
}

/** Gives the tables of the older interface that are in the kernel; there is no such list where its module has never been loaded. */
export function readTableNames(list: string): readonly string[] {
  try {
    return readFileSync(list, "utf8")
      .trim()
      .split("\n")
      .filter((name) => Object.hasOwn(BUILT_IN_CHAINS, name));
  } catch {
    return [];
  }
}

function namedTables(text: string): readonly string[] {
  return [...text.matchAll(/^\*(\w+)/gm)].map((found) => found[1] ?? "");
}

function renderEmptyTable(table: string): string {
  const chains = (BUILT_IN_CHAINS[table] ?? []).map((chain) => `:${chain} ACCEPT [0:0]\n`);
  return `*${table}\n${chains.join("")}COMMIT\n`;
}
