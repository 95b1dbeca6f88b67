import type { Rule } from "../../model/ruleset.ts";

const DNS_PORT = 53;

/**
 * Says whether kumactl puts a rule of a built-in chain before the rules of others. It does so with exclusions, redirects and logs, and with
 * the jump of inbound traffic where there are virtual networks or where asked to. Limit: whether the jump of outbound traffic was asked to
 * be at the top cannot be seen in the rule; it is put at the bottom.
 */
export function standsAtTop(chain: string, { matches, target }: Rule): boolean {
  const isDnsOverTcp = matches.some(
    (match) => match.kind === "destination-port" && match.module === "tcp" && match.ports.first === DNS_PORT,
  );
  switch (chain) {
    case "OUTPUT":
      return target?.kind === "redirect" || target?.kind === "log" || (target?.kind === "return" && !isDnsOverTcp);
    case "PREROUTING":
      return (
        target?.kind === "redirect" ||
        matches.some((match) => match.kind === "comment" && match.text.includes("remaining TCP"))
      );
    default:
      return false;
  }
}
