import { type Family, familyOf } from "../model/address.ts";
import { codedFinding, type Finding, type Parsed } from "../model/finding.ts";
import {
  type LoopbackAddress,
  leadsToNoLink,
  MAIN_TABLE,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  type RoutingRule,
  STOPPING_ROUTES,
  type TableRoute,
} from "../model/policy-routing.ts";
import { readPrintedRule } from "./printed-rule.ts";
import { findBadAddresses } from "./routing-addresses.ts";
import { type RoutingLine, readRoutingJson } from "./routing-json.ts";
import { parseLoopbackAddress, parseTableRoute } from "./routing-words.ts";

/** A section of a text of several commands, as `landfall verify --evidence` writes it: `# ip -6 rule`. */
const HEADER = /^[#$]\s*(?:\S+[#$]\s+)?ip\s+(?:(?:-o|-d|-details|-N)\s+)*(?:(-[46])\s+)?(?:-o\s+)?(rule|route|addr)\b/;
const RULE = /^\d+:\s/;
const ROUTE_WORDS: readonly string[] = [
  "default",
  "local",
  "unicast",
  "broadcast",
  "multicast",
  "anycast",
  ...STOPPING_ROUTES,
];
/** The rule that IPv4 alone has by itself. */
const IPV4_RULE = /^32767:\s+from all lookup default$/;
/** Named tables get numbers that no machine's /etc/iproute2/rt_tables has. */
const FIRST_NAMED_TABLE = 0x7f000000;

/**
 * Reads what `ip rule`, `ip -6 rule`, `ip route show table all` and `ip -6 route show table all` print, one behind the other in any order,
 * or what the same print with `-j`: the rules and routes that somebody has added. What a rule or route asks that landfall does not know is
 * kept as text, and makes unknown what depends on it. Of `main` those routes are kept that send nothing: others are the pod's own links.
 *
 * The family of a rule follows from a line `# ip -6 rule` above it, from its addresses, from the rule for the table `default`, which IPv4
 * alone has, or else from the order: IPv4 first. Every line that is neither gives a finding, and so does what should be an address.
 */
export function readRoutingListing(text: string, where: string): Parsed<PolicyRouting> {
  const findings: Finding[] = [];
  const isJson = /^\s*[[{]/.test(text);
  const lines = isJson ? readRoutingJson(text, where, findings) : readLines(text, where, findings);
  if (findings.length === 0 && lines.every(({ kind }) => kind === "address")) {
    const message = "The file contains neither rules nor routes; give what ip rule and ip route show table all print.";
    findings.push(codedFinding("malformed-text", where, message));
  }
  findings.push(...lines.flatMap((line) => findBadAddresses(line, where)));
  if (findings.length > 0) return { ok: false, findings };
  const named = openTableNames();
  const [rules, routes] = [readRules(lines, named), readRoutes(lines, named)];
  return { ok: true, value: { rules, routes, addresses: readAddresses(lines) } };
}

function readLines(text: string, where: string, findings: Finding[]): readonly RoutingLine[] {
  const found: RoutingLine[] = [];
  let section: Section = { family: null, kind: null };
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const header = readHeader(line);
    if (header !== null) section = header;
    else if (line.startsWith("nexthop ")) joinHop(found, line);
    else if (line !== "" && !line.startsWith("#")) {
      const kind = section.kind === "address" ? "address" : kindOfLine(line);
      if (kind === null) findings.push(codedFinding("malformed-text", where, describeStranger(line), i + 1, 1));
      else found.push({ line: i + 1, kind, text: line, family: section.family });
    }
  }
  return found;
}

interface Section {
  readonly family: Family | null;
  readonly kind: RoutingLine["kind"] | null;
}

/** Without an option `ip` means IPv4 for rules and routes, and both for addresses. */
function readHeader(line: string): Section | null {
  const [, option, object] = HEADER.exec(line) ?? [];
  if (object === undefined) return null;
  const family = option === "-6" ? 6 : option === "-4" || object !== "addr" ? 4 : null;
  return { family, kind: object === "addr" ? "address" : object === "rule" ? "rule" : "route" };
}

function kindOfLine(line: string): "rule" | "route" | null {
  if (RULE.test(line)) return "rule";
  return isRoute(line) ? "route" : null;
}

function describeStranger(line: string): string {
  const [word = ""] = line.split(/\s+/);
  return `"${word} …" is neither a rule of ip rule nor a route of ip route show table all; remove the line, or correct it.`;
}

function isRoute(line: string): boolean {
  const [word = ""] = line.split(/\s+/);
  return ROUTE_WORDS.includes(word) || parseTableRoute(`${word} dev x`, word.includes(":") ? 6 : 4).kind !== "unknown";
}

/** A route by several gateways is not understood, and kept with all of them. */
function joinHop(found: RoutingLine[], line: string): void {
  const last = found.pop();
  if (last) found.push({ ...last, text: `${last.text} ${line}` });
}

function readRules(lines: readonly RoutingLine[], named: NameTables): readonly RoutingRule[] {
  const own = lines.filter(({ kind }) => kind === "rule");
  const blocks: RoutingLine[][] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const line of own) {
    const priority = Number.parseInt(line.text, 10);
    if (priority < last || blocks.at(-1)?.at(-1)?.family !== line.family) blocks.push([]);
    blocks.at(-1)?.push(line);
    last = priority;
  }
  return blocks.flatMap((block, i) => {
    const family = familyOfBlock(block, i);
    return block.flatMap(({ text }) => readPrintedRule(named(text), family));
  });
}

/** A whole listing begins with rule 0. */
function familyOfBlock(block: readonly RoutingLine[], index: number): Family {
  const said = block.find(({ family }) => family !== null)?.family;
  if (said != null) return said;
  const named = block.flatMap(({ text }) => /(?:from|to) ([0-9a-f.:]*[.:][0-9a-f.:]*)/.exec(text)?.[1] ?? [])[0];
  if (named !== undefined) return familyOf(named);
  if (block.some(({ text }) => IPV4_RULE.test(text))) return 4;
  return /^0:/.test(block[0]?.text ?? "") || index > 0 ? 6 : 4;
}

function readRoutes(lines: readonly RoutingLine[], named: NameTables): readonly TableRoute[] {
  let before: Family = 4;
  const all = lines.flatMap((line) => {
    if (line.kind !== "route") return [];
    before = line.family ?? familyOfRoute(line.text) ?? before;
    return readRoute(named(line.text), before);
  });
  return all.filter((route) => route.kind === "unknown" || route.table !== MAIN_TABLE || leadsToNoLink(route));
}

/** `pref` is printed of routes of IPv6, `scope` of IPv4's; a family is printed before a gateway of the other one. */
function familyOfRoute(text: string): Family | null {
  const gateway = / via (inet6?) /.exec(text)?.[1];
  if (gateway !== undefined) return gateway === "inet6" ? 4 : 6;
  const named = text.split(/\s+/).find((word) => /^[0-9a-f:.]*[:.][0-9a-f:.]*(\/\d+)?$/i.test(word));
  if (named !== undefined) return named.includes(":") ? 6 : 4;
  if (/ pref (low|medium|high)\b/.test(text)) return 6;
  return / scope /.test(text) ? 4 : null;
}

/**
 * What the kernel itself enters is left out: the pod of an analysis has its own addresses and links. Of a route of `main` or `local` only
 * its kind and its network count.
 */
function readRoute(text: string, family: Family): readonly TableRoute[] {
  const table = / table (\S+)/.exec(text)?.[1] ?? "main";
  const isKernels = / proto kernel\b/.test(text) || /^(broadcast|multicast|anycast) /.test(text);
  if (table === "default" || (isKernels && ["local", "main", "unspec"].includes(table))) return [];
  if (table !== "main" && table !== "local") return [parseTableRoute(text, family)];
  const [, kind = "", to = ""] = /^(?:([a-z]+) )?([0-9a-f]\S*|default)/.exec(text) ?? [];
  const dev = table === "local" || / dev lo\b/.test(text) ? "lo" : "link";
  return [parseTableRoute(`${kind} ${to} dev ${dev} table ${table}`.trim(), family)];
}

/** `::6` is an address of `lo`, which the table `local` shows, or a listing of addresses. */
function readAddresses(lines: readonly RoutingLine[]): readonly LoopbackAddress[] {
  const { address } = PASS_THROUGH_ON_LO;
  const listed = lines.flatMap(({ kind, text }) => {
    const [, found] = kind === "address" ? (/^\d+: lo\s+inet6? (\S+)/.exec(text) ?? []) : [];
    return found === undefined ? [] : (parseLoopbackAddress(`${found} dev lo`) ?? []);
  });
  const own = listed.filter((one) => one.address === address);
  const isLocal = lines.some(({ kind, text }) => kind === "route" && text.startsWith(`local ${address} `));
  return own.length > 0 || !isLocal ? own : [PASS_THROUGH_ON_LO];
}

type NameTables = (text: string) => string;

/** A table by a name of the machine's own is one and the same in rules and routes, whatever its number. */
function openTableNames(): NameTables {
  const known = new Map<string, number>();
  return (text) =>
    text.replace(/ (lookup|table) ([A-Za-z][\w.-]*)/, (all, word: string, name: string) => {
      if (["local", "main", "default", "unspec", "all"].includes(name)) return all;
      const number = known.get(name) ?? FIRST_NAMED_TABLE + known.size;
      known.set(name, number);
      return ` ${word} ${number}`;
    });
}
