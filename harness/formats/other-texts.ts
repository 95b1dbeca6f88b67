const PRINT_INSTEAD = "use the output of iptables-save (ip6tables-save for IPv6)";

/** How a text that is no text of iptables rules is recognised, and what to give in its place. */
const OTHER_TEXTS: readonly (readonly [pattern: RegExp, message: string])[] = [
  [
    /^Chain \S+ \((?:policy|\d+ references?)[^)]*\)\s*$/m,
    `This is what iptables -L prints, which leaves out interfaces and options; ${PRINT_INSTEAD}.`,
  ],
  [
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL is what tells a text in UTF-16 or a program from rules.
    /\u0000/,
    "This contains NUL bytes, so it is either not text or UTF-16 without a byte order mark; save it as UTF-8.",
  ],
];

/**
 * Recognises a text that is not iptables rules, and says what it is and what to give instead; null if it is not recognised.
 *
 * @example
 * describeOtherText("Chain INPUT (policy ACCEPT)\n…")
 * // "This is what iptables -L prints, which leaves out interfaces and options; use the output of iptables-save …"
 */
export function describeOtherText(text: string): string | null {
  return OTHER_TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** Lines by which iptables says that the kernel holds rules which it does not print, or that it printed nothing. */
const HIDDEN_RULES: readonly (readonly [pattern: RegExp, describe: (found: readonly string[]) => string])[] = [
  [
    /^#\s*Warning: (ip6?tables-legacy) tables present/,
    ([, tool]) =>
      `The kernel also has tables of ${tool}, which are not in this text; ${tool}-save prints them. If it prints no rules, remove this line.`,
  ],
  [
    /^#?\s*(?:ip6?tables\S* v\S+ \(nf_tables\): )?[Tt]able [`'](\w+)' (?:in chain \S+ )?is incompatible, use 'nft' tool/,
    ([, table]) =>
      `The table ${table} has nft rules that iptables cannot print; nft list ruleset prints them. If they do not matter, remove this line.`,
  ],
  [
    /^(?:ip6?tables\S*)(?: v\S+)?(?: \([\w ]+\))?: (.+)/,
    ([, said]) => `iptables reports why rules are missing: "${said}". Give the output of a run that succeeds.`,
  ],
];

/** Says what a line tells of rules that the text does not show; null where it tells of none. */
export function describeHiddenRules(line: string): string | null {
  for (const [pattern, describe] of HIDDEN_RULES) {
    const found = pattern.exec(line);
    if (found) return describe(found);
  }
  return null;
}
