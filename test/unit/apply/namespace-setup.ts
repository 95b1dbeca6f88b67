import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, inject } from "vitest";
import { asNobody, place } from "../../as-nobody.ts";
import { PACKED_WITHIN_MS, packOnce } from "../../packed-package.ts";

/** Where a namespace's rules go. */
export type Variant = "nft" | "legacy";

/** The state of a namespace, in the words of the recorded cases. */
export interface KernelState {
  readonly nat: readonly string[];
  readonly mangle: readonly string[];
  readonly filter: readonly string[];
  readonly ip6nat: readonly string[];
  readonly ip6mangle: readonly string[];
  readonly ip6filter: readonly string[];
  readonly ipRule: readonly string[];
  readonly ip6Rule: readonly string[];
  readonly ipRoute: readonly string[];
  readonly loAddr: readonly string[];
}

/** What a script in a namespace came to. */
export interface ScriptResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

const execute = promisify(execFile);
let folder = "";
/** Holds a folder for each variant with its programs, under the names that a script calls. */
let programs = "";

/** Packs landfall as it is shipped, once for all files of a run: a process of what is built starts in a fraction of the time. */
export function buildOnce(): void {
  beforeAll(async () => {
    const { checkout } = await packOnce();
    folder = join(checkout, "dist");
    programs = mkdtempSync(join(inject("buildFolder"), "programs-"));
    for (const variant of ["nft", "legacy"] as const) linkPrograms(variant);
  }, PACKED_WITHIN_MS);
}

function linkPrograms(variant: Variant): void {
  mkdirSync(join(programs, variant));
  for (const tool of ["iptables", "ip6tables"])
    for (const name of [tool, `${tool}-save`, `${tool}-restore`])
      symlinkSync(`/usr/sbin/xtables-${variant}-multi`, join(programs, variant, name));
}

/**
 * Runs a shell script in a network namespace of its own that the kernel removes with it: `lo` up, `eth0` with the pod's addresses, a
 * private /run, the hostname "pod" with these addresses in /etc/hosts (or with those of `hosts`); `landfall` is the built one, `iptables`
 * the variant's, `state` prints the kernel's state for {@link parseState}.
 */
export async function runInNamespace(
  script: string,
  options: {
    readonly variant?: Variant;
    readonly podIps?: readonly string[];
    readonly hosts?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<ScriptResult> {
  const { variant = "nft", podIps = ["10.0.0.5"], hosts = podIps, environment = {} } = options;
  const addresses = podIps.map((ip) => `ip addr add ${ip}/${ip.includes(":") ? "64 nodad" : "24"} dev eth0`);
  const names = ["127.0.0.1 localhost", ...hosts.map((ip) => `${ip} pod`)].map((line) => `echo "${line}"`);
  const identity = `hostname pod\n{ ${names.join("; ")}; } >/run/hosts\nmount --bind /run/hosts /etc/hosts`;
  const whole = [PRELUDE, identity, ...addresses, script].join("\n");
  const path = `${join(programs, variant)}:${process.env["PATH"]}`;
  const env = { PATH: path, LANDFALL_MAIN: landfallMain(), XTABLES_LOCKFILE: "/run/xtables.lock", ...environment };
  return runProgram("unshare", ["-mnu", "--propagation", "private", "bash", "--norc", "-c", whole], env);
}

/** Runs a shell script in this very network namespace, and without the right to change rules there. */
export async function runWithoutRights(script: string, as: "root" | "nobody"): Promise<ScriptResult> {
  const rights = ["--bounding-set=-net_admin,-net_raw,-sys_admin", "--inh-caps=-net_admin,-net_raw,-sys_admin"];
  const shell = ["bash", "--norc", "-c", `landfall() { $LANDFALL_MAIN "$@"; }\n${script}`];
  const PATH = process.env["PATH"] ?? "";
  if (as === "root") return runProgram("setpriv", [...rights, ...shell], { PATH, LANDFALL_MAIN: landfallMain() });
  const [program = "", ...words] = asNobody(shell, rights);
  return runProgram(program, words, { PATH: place(PATH), LANDFALL_MAIN: place(landfallMain()) });
}

function landfallMain(): string {
  return `${process.execPath} ${join(folder, "harness/cli/main.js")}`;
}

async function runProgram(
  file: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ScriptResult> {
  try {
    return { ...(await execute(file, words, { env })), status: 0 };
  } catch (error) {
    const { stdout = "", stderr = "", code } = error as { stdout?: string; stderr?: string; code?: number };
    if (typeof code !== "number") throw error;
    return { stdout, stderr, status: code };
  }
}

/** Quotes words for a shell. */
export function quoteWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** Reads what `state` printed, the last time if several. */
export function parseState(stdout: string): KernelState {
  const sections = stdout.split("=== state\n").at(-1)?.split("=== end\n")[0]?.split(/^== /m).slice(1) ?? [];
  const pairs = sections.map((section): [string, readonly string[]] => {
    const [name = "", ...lines] = section.trimEnd().split("\n");
    return [name, lines.map((line) => line.replace(/\s+/g, " ").trim())];
  });
  return Object.fromEntries(pairs) as unknown as KernelState;
}

const PRELUDE = `
mount -t tmpfs tmpfs /run
ip link set lo up
ip link add eth0 type veth peer name peer0
landfall() { $LANDFALL_MAIN "$@"; }
list() { echo "== $1"; shift; "$@"; }
rules() { "$1" -t "$2" -S | grep -v '^-P'; }
state() {
  echo "=== state"
  list nat rules iptables nat; list mangle rules iptables mangle; list filter rules iptables filter
  list ip6nat rules ip6tables nat; list ip6mangle rules ip6tables mangle; list ip6filter rules ip6tables filter
  list ipRule sh -c 'ip rule | grep fwmark'
  list ip6Rule sh -c 'ip -6 rule | grep fwmark'
  list ipRoute sh -c 'ip -4 route show table all | grep table | grep -v "table local"'
  list loAddr sh -c 'ip -o -6 addr show dev lo | grep -v "::1/128" | sed "s/^[0-9]*: //; s/ *valid_lft.*//; s/[\\\\]//g"'
  echo "=== end"
}`;
