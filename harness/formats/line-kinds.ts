/** What a line of a text of rules is; `other` is anything else. */
export type LineKind =
  | "blank"
  | "comment"
  | "table"
  | "chain"
  | "commit"
  | "rule"
  | "command"
  | "listing-command"
  | "other";

const LONG_COMMANDS = "append|check|delete|insert|replace|list|flush|zero|new|policy|rename";
const RULE = new RegExp(`^(?:\\[\\d+:\\d+\\]\\s*)?-(?:[ACDIRFZNXPE]|-(?:${LONG_COMMANDS})[a-z-]*)(?:[\\s=]|$)`);
const PROGRAM = String.raw`(?:sudo(?:\s+-\S+)*\s+)?(?:\S*/)?ip6?tables(?:-nft|-legacy)?`;
const COMMAND = new RegExp(`^(?:${PROGRAM}(?:\\s+-|$)|(?:-t|--table)[\\s=])`);
/** `iptables -S` and `-L` change nothing; what follows them is what they printed. */
const LISTING_COMMAND =
  /(?:^|[\s/])ip6?tables(?:-nft|-legacy)?(?:\s+(?:-[nvwx46]+|--line-numbers|-t\s+\w+))*\s+(?:-[LS]|--list(?:-rules)?)(?:\s|$)/;

/**
 * Says what a line is, its blanks at both ends taken off. `*nat` is a `table`, `-A OUTPUT -j ACCEPT` a `rule`, and whatever is not
 * recognised `other`.
 */
export function kindOf(line: string): LineKind {
  if (line === "") return "blank";
  if (line.startsWith("#")) return "comment";
  if (/^\*\s*[a-z0-9_]+$/.test(line)) return "table";
  if (/^:\S+\s/.test(line)) return "chain";
  if (line === "COMMIT") return "commit";
  if (RULE.test(line)) return "rule";
  if (LISTING_COMMAND.test(line)) return "listing-command";
  return COMMAND.test(line) ? "command" : "other";
}

/** Gives the table that `iptables -t TABLE -S` lists, or null where the line says none. */
export function listedTable(line: string): string | null {
  return /\s(?:-t|--table)[\s=]\s*(\w+)/.exec(line)?.[1] ?? null;
}

/**
 * What logs, shells and tools put before a line: blanks, quotation marks of mail, traces of `sh -x`, prompts, time stamps, the names of
 * pods, the words of Istio's log, line numbers.
 */
const PREFIXES: readonly RegExp[] = [
  /^\s+/,
  /^(?:>\s?)+/,
  /^\++\s+/,
  /^(?:\[?[\w.-]+@[\w.:~/-]+(?:\s[\w./~-]+)?\]?|[\w.-]*sh-[\d.]+|[~/][\w./~-]*)\s*[$#%]\s+/,
  /^[$%]\s+/,
  /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s+/,
  /^[A-Z][a-z]{2}\s+\d{1,2}\s\d\d:\d\d:\d\d\s+\S+\s+\S+:\s+/,
  /^\[\s*\d+\.\d+\]\s+/,
  /^[IWEF]\d{4}\s\d\d:\d\d:\d\d\.\d+\s+\d+\s+\S+:\d+\]\s+/,
  /^\[?(?:info|debug|warn|warning|INFO|DEBUG|WARN)\]?:?\s+/,
  /^(?:[Rr]unning|[Ee]xecuting)(?:\s[a-z]+)?:\s+/,
  /^\[pod\/[^\]]+\]\s+/,
  /^[\w.-]+\s*\|\s+/,
  /^[a-z0-9][a-z0-9.]*-[a-z0-9.-]+\s(?:[a-z0-9-]+\s)?/,
  /^\d+[:\t)]\s*/,
  /^\d+\s+/,
];
/** The most prefixes that one line has. */
const PREFIXES_AT_MOST = 6;
/** The most characters that all of them take; what lies behind is not looked at. */
const PREFIX_LENGTH_AT_MOST = 400;

/** Gives how many characters at a line's beginning are not its own, and what it is without them; `other` where nothing is recognised. */
export function findLineStart(line: string): { readonly offset: number; readonly kind: LineKind } {
  let offset = 0;
  for (let i = 0; i <= PREFIXES_AT_MOST; i++) {
    const rest = line.slice(offset);
    const kind = kindOf(rest);
    if (kind !== "other" && (kind !== "blank" || i === 0)) return { offset, kind };
    const head = rest.slice(0, PREFIX_LENGTH_AT_MOST);
    const taken = PREFIXES.map((prefix) => prefix.exec(head)?.[0].length ?? 0).find((length) => length > 0);
    if (taken === undefined) break;
    offset += taken;
  }
  return { offset: 0, kind: "other" };
}

const RULE_INSIDE =
  /(?:^|[\s"'`=:(|;&])(?:-[ACDIRNXFP]\s+[\w-]+|--(?:append|insert|delete|new-chain|new)[\s=]|\*\s*(?:nat|filter|mangle|raw|security)\b|ip6?tables(?:-nft|-legacy)?\s+-)/;
/** Dashes that a word processor has put in place of hyphens. */
const OTHER_DASHES = /[\u2010-\u2015\u2212]\s*[A-Za-z]/;
const RULE_PARTS = /(?:^|\s)-[jgpsdiom]\s|^[-*:]|^\[\d+:\d+\]|--[a-z]+-?(?:port|mark|owner|source|destination)/;
const ELISION = /^\W*(?:\.\.\.|…|\[?\(?(?:snip|truncated|omitted|output omitted)|--\s?more)/i;

/** Says why a line that is not recognised could still be a rule, or stand for some; null where it is only noise. */
export function suspectRule(line: string): string | null {
  const head = line.slice(0, 10_000);
  if (ELISION.test(head)) return "Rules seem to be missing here; give the complete text.";
  if (OTHER_DASHES.test(head)) return "This has a dash that is not the hyphen of an option; write a plain -.";
  if (RULE_INSIDE.test(head))
    return "This line seems to contain a rule after other words; put the rule on its own line.";
  return RULE_PARTS.test(head)
    ? "This might be a rule or part of one, but it cannot be read; correct it or remove it."
    : null;
}

const NOISE_IN_TABLE =
  /^(?:```|~~~|\S{0,80}[$#%>]$|Defaulted container |Unable to use a TTY|Handling connection|command terminated )/;

/** Says whether a line is noise even between a table's first line and its COMMIT: a code fence, an empty prompt, a word of kubectl. */
export function isKnownNoise(line: string): boolean {
  return NOISE_IN_TABLE.test(line.trim());
}

/** Says whether a line belongs to a shell's flow of control, so that the commands around it may not run, or run several times. */
export function isShellControl(line: string): boolean {
  return /^\s*(?:if|then|else|elif|fi|for|while|until|do|done|case|esac|function|return)(?:[\s;]|$)|\(\)\s*\{/.test(
    line,
  );
}
