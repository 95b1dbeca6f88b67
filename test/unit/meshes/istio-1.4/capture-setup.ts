import { parseCapture, type ResolvedCapture } from "../../../../harness/meshes/istio-1.4/capture.ts";
import type { EnvironmentFile } from "../../../../harness/meshes/istio-1.4/environment.ts";
import type { Finding } from "../../../../harness/model/finding.ts";
import type { NameLookups } from "../../../../harness/model/name-lookups.ts";

const USERS: Readonly<Record<string, number>> = { root: 0, daemon: 1, "www-data": 33, onlyuser: 71 };
const GROUPS: Readonly<Record<string, number>> = { root: 0, daemon: 1, "www-data": 34 };
const SERVICES: Readonly<Record<string, number>> = { ssh: 22, http: 80, https: 443, "ftp-data": 20 };

/** A machine with a handful of names, and no user istio-proxy. */
export const NAMES: NameLookups = {
  user: (name) => USERS[name] ?? null,
  group: (name) => GROUPS[name] ?? null,
  service: (name) => SERVICES[name] ?? null,
  routeTable: (name) => ({ mesh: 99, main: 254 })[name] ?? null,
};

/** What surrounds a command line. */
export interface Around {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: readonly EnvironmentFile[];
  readonly names?: NameLookups;
  readonly podIps?: readonly string[];
  readonly dialect?: string;
}

/** Parses words in given surroundings, of an IPv4 pod unless told otherwise. */
function parse(words: readonly string[], around: Around = {}) {
  return parseCapture({ environment: {}, files: [], names: NAMES, podIps: ["10.0.0.5"], ...around, words });
}

/** The resolved capture; throws with the findings where the words are refused. */
export function accept(words: readonly string[], around: Around = {}): ResolvedCapture {
  const parsed = parse(words, around);
  if (!parsed.ok) throw new Error(`refused: ${JSON.stringify(parsed.findings)}`);
  return parsed.value;
}

/** The findings; throws where the words are accepted. */
export function refuse(words: readonly string[], around: Around = {}): readonly Finding[] {
  const parsed = parse(words, around);
  if (parsed.ok) throw new Error(`accepted: ${JSON.stringify(parsed.value.config)}`);
  return parsed.findings;
}
