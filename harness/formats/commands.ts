import type { PodRules, Ruleset, Table } from "../model/ruleset.ts";
import { quoteForShell } from "../model/shell-words.ts";
import { renderIpCommands } from "./ip-commands.ts";
import { renderRuleBody } from "./rule-text.ts";
import { toolOfFamily } from "./tool-name.ts";
import { splitWords } from "./words.ts";

/**
 * Gives a rule set as command lines for a POSIX shell, chains first, then policies that are not ACCEPT, then rules, in the rule set's own
 * order: `iptables -t nat -N ISTIO_OUTPUT`, `iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT`.
 *
 * @example
 * renderCommands(ruleset)   // ["iptables -t nat -A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001"]
 */
export function renderCommands(ruleset: Ruleset): readonly string[] {
  return ruleset.tables.flatMap((table) =>
    tableWords(table, ruleset).map((words) => [toolOfFamily(ruleset.family), "-t", table.name, ...words].join(" ")),
  );
}

/** Gives everything that goes into a pod as command lines: both families, and the policy routing that marks need. */
export function renderPodCommands({ ip, ip6, policyRouting }: PodRules): readonly string[] {
  return [...renderIpCommands(policyRouting), ...(ip ? renderCommands(ip) : []), ...(ip6 ? renderCommands(ip6) : [])];
}

function tableWords({ chains }: Table, { family }: Ruleset): readonly (readonly string[])[] {
  const others = chains.filter(({ base }) => base === null);
  const policies = chains.filter((chain) => chain.base?.policy === "DROP");
  return [
    ...others.map((chain) => ["-N", quoteForShell(chain.name)]),
    ...policies.map((chain) => ["-P", chain.name, "DROP"]),
    ...chains.flatMap((chain) =>
      chain.rules.map((rule) => ["-A", quoteForShell(chain.name), ...shellWords(renderRuleBody(rule, family))]),
    ),
  ];
}

/** The text iptables prints has double quotes; a shell reads those its own way. */
function shellWords(body: string): readonly string[] {
  const split = splitWords(body);
  return split.kind === "words"
    ? split.words.map((word) => (word.text === "!" ? "!" : quoteForShell(word.text)))
    : [body];
}
