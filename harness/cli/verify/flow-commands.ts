import { basename, dirname, extname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makeOptionToken, renderToken } from "../../meshes/word-tokens.ts";
import type { CaptureWords } from "../../model/capture.ts";
import { APP_PORTS, type SandboxAddresses } from "../../model/pod.ts";
import type { FlowCommands } from "../../model/provenance.ts";
import type { FlowReport, ScenarioReport } from "../../model/report.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { ParsedScenario } from "../../run/scenario/parsed-scenario.ts";
import { readCaptureWords } from "../arguments/capture-options.ts";
import { JUDGING } from "../arguments/judging.ts";
import { CAPTURE_LONG_OPTIONS, MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import type { CommandIo } from "../command.ts";
import { findUnrepeatable, nameNear } from "../input/input-file.ts";
import type { VerifyOptions } from "./options.ts";
import { findScenarioFiles, isMadeFromConfig, SCENARIO_FOLDER } from "./scenarios.ts";

/** Options that say which scenarios are run, how many at once, and what is told of them: one flow is asked about without. */
const OF_THE_RUN = [
  ...[
    "all",
    "list",
    "jobs",
    "shard",
    "json",
    "report",
    "only-failures",
    "quiet",
    "every-flow",
    "evidence",
    "coverage",
    "max-flows",
  ],
  ...["min-coverage", "keep", "pause-on-fail", "watch", "flows"],
];
/** Options of `verify` that `explain` has too. */
const OF_EXPLAIN = ["rules", "rules6", "table", "contract", "manifest", "strict", ...namesOf(CAPTURE_LONG_OPTIONS)];
/** Options that name files which are read. */
const FILES = ["rules", "rules6", "contract", "manifest", "mesh-config", "resolv-conf", "sidecar-env", "cluster-env"];

function namesOf(specs: readonly { readonly name: string }[]): readonly string[] {
  return specs.map(({ name }) => name);
}

/**
 * Gives the commands that ask about one flow of a scenario again, the flow aside: what was typed, without what only tells of the whole run.
 * Null where the same cannot be asked: rules or settings came through a pipe, a script made the rules, or the scenario has rules of its
 * own, of which no option tells.
 */
export function makeFlowCommands(
  scenario: Pick<ParsedScenario, "name" | "capture" | "installation" | "listen">,
  { flows }: Pick<ScenarioReport, "flows">,
  options: VerifyOptions,
  addresses: SandboxAddresses,
  io: CommandIo,
): FlowCommands {
  const typed = dealTyped(options);
  if (FILES.some((name) => typed.valuesOf(name).some((path) => isPipe(path, io))))
    return { explain: null, verify: null };
  const isMade = isMadeFromConfig(options);
  const asked = isMade ? typed.mesh : nameScenario(scenario.name, options, io);
  const verify = ["verify", ...asked, ...typed.without(OF_THE_RUN)];
  const words = isMade ? { words: typed.mesh, environment: {} } : findSettings(scenario, options, addresses, io);
  const ports = [...new Set([...scenario.listen, ...flows.flatMap(listRedirectedPort)])];
  const listen = ports.length > 0 ? ["--listen", ports.join(",")] : [];
  const isKnown = words !== null && options.rules.script === null;
  return {
    explain: isKnown
      ? render(["explain", ...words.words, ...listen, ...typed.only(OF_EXPLAIN)], words.environment)
      : null,
    verify: render(verify, {}),
  };
}

/** The app's port to which a flow to another one came: in a pod for that flow alone nobody would listen there. */
function listRedirectedPort({ to, observed: { listener, port } }: FlowReport): readonly number[] {
  return listener === "app" && port !== null && port !== to.port && !APP_PORTS.includes(port) ? [port] : [];
}

function render(words: readonly string[], environment: CaptureWords["environment"]): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${quoteForShell(value)}`);
  return [...variables, "landfall", ...words.map(quoteForShell)].join(" ");
}

/** What was typed, told apart. */
function dealTyped({ cut: { named, isNamed, manifest, dealt } }: VerifyOptions) {
  const given = [
    ...(manifest === null ? [] : [makeOptionToken(MANIFEST_OPTION.name, manifest.path)]),
    ...dealt.own.filter((token) => token.kind === "option"),
  ];
  const render = (keeps: (name: string) => boolean) =>
    given.filter(({ name }) => keeps(name)).flatMap((token) => renderToken(token));
  return {
    /** The mesh, where it was named, and the words of its own options. */
    mesh: [...(isNamed ? ["--mesh", named.name] : []), ...dealt.mesh.flatMap(renderToken)],
    only: (names: readonly string[]) => render((name) => names.includes(name)),
    without: (names: readonly string[]) => render((name) => !names.includes(name)),
    valuesOf: (option: string) => given.flatMap(({ name, value }) => (name === option ? (value ?? []) : [])),
  };
}

function isPipe(path: string, { workingDirectory }: CommandIo): boolean {
  return findUnrepeatable(path === "-" ? path : resolve(workingDirectory, path)) !== null;
}

/** By its name where it comes with landfall, else by its file. */
function nameScenario(name: string, options: VerifyOptions, io: CommandIo): readonly string[] {
  const file = findScenarioFiles(options, io).find((each) => basename(each, extname(each)) === name);
  if (file === undefined || resolve(dirname(file)) === resolve(SCENARIO_FOLDER)) return [name];
  return [nameNear(file, io)];
}

/**
 * Gives what makes a named scenario's settings again, with which the rules are those that were in, or rules were given instead; null where
 * no words do.
 */
function findSettings(
  { capture, installation }: Pick<ParsedScenario, "capture" | "installation">,
  options: VerifyOptions,
  addresses: SandboxAddresses,
  io: CommandIo,
): Pick<CaptureWords, "words" | "environment"> | null {
  const placed = capture.placeIn(addresses);
  const { words, environment, files } = placed.words;
  if (Object.keys(files).length > 0) return null;
  if (options.rules.files.length > 0) return { words, environment };
  if (installation.kind !== "capture") return null;
  // Most variables have their usual values: a command is easier read without them.
  const tries = [
    { words, environment: {} },
    { words, environment },
  ];
  return tries.find((each) => isDeepStrictEqual(generateFrom(each, io), placed.generated)) ?? null;
}

function generateFrom({ words, environment }: Pick<CaptureWords, "words" | "environment">, io: CommandIo) {
  const command = { specs: [], withoutFlags: "injected", positionals: "none", ...JUDGING } as const;
  return readCaptureWords(words, command, { ...io, environment }).line?.capture.generated;
}
