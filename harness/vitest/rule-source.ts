import { LandfallError } from "../errors.ts";
import { readRulesText } from "../formats/rules-text.ts";
import { SEED_WORDS } from "../meshes/istio-1.4/seed.ts";
import { MESHES } from "../meshes/meshes.ts";
import { cutOptionWords } from "../meshes/option-words.ts";
import type { Capture } from "../model/capture.ts";
import { capFindings, type Parsed } from "../model/finding.ts";
import type { GivenRules } from "../model/given-rules.ts";
import { NO_LOOKUPS } from "../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../model/pod.ts";
import { emptyRuleset, NO_RULES, type PodRules } from "../model/ruleset.ts";

/**
 * Rules as a test names them: Istio's flags, one word an element; a text of rules in any form that `--rules` takes, IPv4 where it does not
 * say; or rule sets of the model. The stub has the owner and ports that the flags name, else those of the seed command.
 *
 * @example
 * ["-u", "1337", "-b", "*", "-o", "3306"]
 * "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n"
 */
export type RuleSource = readonly string[] | string | PodRules;

/** The seed command: `-p 15001 -z 15006 -u 1337 -m REDIRECT -i '*' -x '' -b '*' -d 15020`. */
export const seedRules: readonly string[] = SEED_WORDS;

/** Rules with the config they were made from, or that of the seed command. */
export interface RulesWithCapture {
  readonly capture: Capture;
  readonly rules: PodRules;
  /** The text that they were read in; empty where there is none. */
  readonly given: readonly GivenRules[];
}

/** Reads rules. Throws `bad-input` with every finding. */
export function readRuleSource(source: RuleSource): RulesWithCapture {
  if (typeof source !== "string" && !("policyRouting" in source)) {
    const capture = readWords(source);
    return { capture, rules: capture.generated ?? NO_RULES, given: [] };
  }
  const capture = readWords(SEED_WORDS);
  if (typeof source !== "string") return { capture, rules: source, given: [] };
  const { ip, ip6, given } = orThrow(readRulesText(source, { where: "rules", family: 4, noise: "strict" }));
  const { policyRouting } = capture.generated ?? NO_RULES;
  return {
    capture,
    rules: { ip: ip ?? (ip6 ? null : emptyRuleset(4)), ip6, policyRouting },
    given: given ? [given] : [],
  };
}

function readWords(words: readonly string[]): Capture {
  const [mesh] = MESHES;
  if (!mesh) throw new RangeError("There is no mesh.");
  const pod = { addresses: [DEFAULT_ADDRESSES.pod[4]], own: DEFAULT_ADDRESSES.pod, resolvers: [] };
  const input = {
    tokens: cutOptionWords(words, mesh.options),
    environment: {},
    files: [],
    config: null,
    names: NO_LOOKUPS,
    pod,
  };
  return orThrow(mesh.bind(input, DEFAULT_ADDRESSES)).capture;
}

/** The most findings that an error's message shows. */
const FINDINGS_AT_MOST = 20;

/** Gives the value, or throws `bad-input` with every finding. */
export function orThrow<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  const messages = capFindings(parsed.findings, FINDINGS_AT_MOST).map(({ where, line, message }) =>
    line === null ? `${where}: ${message}` : `${where}:${line}: ${message}`,
  );
  throw new LandfallError("bad-input", messages.join("\n"), { findings: parsed.findings });
}
