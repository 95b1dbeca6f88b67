import type { Finding, Parsed } from "../../model/finding.ts";
import type { NameLookups } from "../../model/name-lookups.ts";
import { readPodIps } from "../pod-ips.ts";
import { tokenizeWords, type WordToken } from "../word-tokens.ts";
import type { CaptureConfig } from "./config.ts";
import { type EnvironmentFile, parseEnvironmentFile } from "./environment.ts";
import type { Origin, Places } from "./given.ts";
import { CAPTURE_FLAGS, type SettingName } from "./options.ts";
import { readSettings } from "./settings.ts";
import { warnOfSettings } from "./warnings.ts";
import { FLAG_WORDS, readFlags } from "./words.ts";

/** Everything the generator is given, its words cut. */
export interface CutCaptureInput {
  readonly tokens: readonly WordToken[];
  /** The process's variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** sidecar.env, then cluster.env; absent files are left out. */
  readonly files: readonly EnvironmentFile[];
  readonly names: NameLookups;
  /** The pod's addresses: they decide the families. */
  readonly podIps: readonly string[];
}

/** Everything the generator is given. */
export interface CaptureInput extends Omit<CutCaptureInput, "tokens"> {
  /** The generator's own words, one a value: `["-p", "15001", "-b", "*"]`. */
  readonly words: readonly string[];
}

/** What the generator makes of its input. */
export interface ResolvedCapture {
  readonly config: CaptureConfig;
  /** For every setting where its value came from. */
  readonly origins: Readonly<Record<SettingName, Origin>>;
  /** What is allowed and yet hardly meant. */
  readonly warnings: readonly Finding[];
  /** What `-t` and `-h` ask for: to apply the rules, only to check the input, or only to show the usage. */
  readonly purpose: "apply" | "check" | "usage";
}

/**
 * Resolves the generator's settings: flag, then sidecar.env, then cluster.env, then the process's environment, then the default. Gives
 * every finding at once: each names the flag, variable or file and line, the element, the reason, and what the original would have done
 * without saying so. With `-h` nothing is refused: `purpose` is `usage`, and the config has the defaults where a value could not be read.
 *
 * @example
 * parseCapture({ words: ["-u", "1337", "-b", "80"], environment: {}, files: [], names: NO_LOOKUPS, podIps: ["10.244.0.2"] })
 * // { ok: true, value: { config: { dialect: "istio-1.4", proxyPort: 15001, …, podIps: ["10.244.0.2"] }, origins: …,
 * //   warnings: […], purpose: "apply" } }
 */
export function parseCapture({ words, ...input }: CaptureInput): Parsed<ResolvedCapture> {
  return readCutCapture({ ...input, tokens: tokenizeWords(words, FLAG_WORDS) });
}

/** Resolves the generator's settings as {@link parseCapture} does, from words that are cut already. */
export function readCutCapture(input: CutCaptureInput): Parsed<ResolvedCapture> {
  const typed = readFlags(input.tokens);
  const findings: Finding[] = [...typed.findings];
  const places: Places = {
    flags: typed.values,
    files: input.files.map((file) => ({ path: file.path, values: readFile(file, findings) })),
    environment: input.environment,
  };
  const podIpFindings: Finding[] = [];
  const podIps = readPodIps(input.podIps, podIpFindings);
  const { settings, origins, warnings } = readSettings(places, input.names, podIps, findings);
  findings.push(...podIpFindings);
  if (findings.length > 0 && typed.purpose !== "usage") return { ok: false, findings };
  const config: CaptureConfig = { dialect: "istio-1.4", ...settings, podIps };
  const allWarnings = [...warnings, ...warnOfSettings(config, origins)];
  return { ok: true, value: { config, origins, warnings: allWarnings, purpose: typed.purpose } };
}

/** Every variable that the generator reads. */
const VARIABLES: ReadonlySet<string> = new Set(CAPTURE_FLAGS.flatMap(({ variable }) => variable ?? []));

function readFile(file: EnvironmentFile, findings: Finding[]) {
  const parsed = parseEnvironmentFile(file, VARIABLES);
  if (parsed.ok) return parsed.value;
  for (const found of parsed.findings) findings.push(found);
  return new Map<string, never>();
}
