import { resolve } from "node:path";
import { type CaptureInput, parseCapture, type ResolvedCapture } from "../capture/capture.ts";
import { CLUSTER_ENV_PATH, type EnvironmentFile, SIDECAR_ENV_PATH } from "../capture/environment.ts";
import { CAPTURE_OPTIONS, CAPTURE_SWITCHES } from "../capture/flags.ts";
import { SEED_WORDS } from "../capture/seed.ts";
import { renderToken, tokenizeWords } from "../capture/words.ts";
import { readTextFile } from "../load/text-file.ts";
import { capFindings, type Finding, finding } from "../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../model/pod.ts";
import { describeReadFailure } from "../model/read-failure.ts";
import { CAPTURE_LONG_OPTIONS } from "./capture-long-options.ts";
import type { CommandIo } from "./command.ts";
import { describeDefaultConfig } from "./default-config.ts";
import { renderFinding } from "./error-text.ts";
import type { CommandHelp } from "./help.ts";
import { renderHelp } from "./help-text.ts";
import { readNames } from "./names.ts";
import { type OptionSpec, type ParsedOptions, readOptions } from "./options.ts";
import { refuseUsage } from "./refusal.ts";

/** Long names of the generator's own flags. */
const CAPTURE_NAMES = [...CAPTURE_OPTIONS, ...CAPTURE_SWITCHES].map(({ name }) => name);

/** A command's words: its own options, and the capture config that the generator's flags make. */
export interface CaptureCommandLine {
  readonly options: ParsedOptions;
  readonly capture: ResolvedCapture;
  /** The generator's words as typed, without `-t` and `-h`, or those that no flag at all means. */
  readonly captureWords: readonly string[];
  /** Whether a flag of the generator was typed that sets something, or the config is the default one. `-t` and `-h` set nothing. */
  readonly captureFrom: "flags" | "default";
  /** Which settings are used where no flag was typed, in a sentence for {@link tellDefaultConfig}; empty where one was. */
  readonly defaultConfig: string;
}

/** A command line as far as it can be read, for a command that has more to find fault with. */
export interface CaptureWords {
  readonly options: ParsedOptions;
  readonly captureFrom: CaptureCommandLine["captureFrom"];
  /** Null where there are findings. */
  readonly line: CaptureCommandLine | null;
  /** What is wrong with the words that were read. */
  readonly findings: readonly Finding[];
}

/** What a command says of itself to {@link readCaptureCommand}. */
export interface CaptureCommandOptions {
  /** The command's own long options; {@link CAPTURE_LONG_OPTIONS} are added. */
  readonly specs: readonly OptionSpec[];
  /** What no flag at all means: the seed command, or Istio's defaults. */
  readonly withoutFlags: "seed" | "istio-defaults";
  /** Whether words that belong to no option are the command's own (scenario names, a FLOW); otherwise they are findings. */
  readonly positionals: "own" | "none";
  /** Told on stderr where a flag is not known, as the original does. */
  readonly usage?: CommandHelp;
  /** The pod's addresses where `--pod-ip` names none; the sandbox's IPv4 address if left out. */
  readonly podIps?: readonly string[];
}

/**
 * Reads a command's words: Istio's flags to a capture config, with sidecar.env, cluster.env and the environment, and the command's own long
 * options. Throws `bad-usage` with every finding of both.
 */
export function readCaptureCommand(
  args: readonly string[],
  command: CaptureCommandOptions,
  io: Pick<CommandIo, "environment" | "workingDirectory" | "err" | "display">,
): CaptureCommandLine {
  const { line, findings } = readCaptureWords(args, command, io);
  if (line !== null) return line;
  if (command.usage !== undefined && findings.some(({ code }) => code === "unknown-flag"))
    io.err(renderHelp(command.usage, io.display));
  throw refuseUsage(findings);
}

/** Reads a command's words as {@link readCaptureCommand} does, and gives the findings. Words that ask for help have none. */
export function readCaptureWords(
  args: readonly string[],
  command: CaptureCommandOptions,
  io: Pick<CommandIo, "environment" | "workingDirectory">,
): CaptureWords {
  const specs = [...command.specs, ...CAPTURE_LONG_OPTIONS];
  const words = separateWords(args, specs, command.positionals);
  const { options, findings: ownFindings } = readOptions(words.own, specs, CAPTURE_NAMES);
  const findings: Finding[] = [...ownFindings];
  const captureFrom = words.setsAnything ? "flags" : "default";
  const podIp = lastValue(options, "pod-ip");
  const dialect = lastValue(options, "dialect");
  const isSeed = captureFrom === "default" && command.withoutFlags === "seed";
  const captureWords = isSeed ? SEED_WORDS : words.capture;
  const input: CaptureInput = {
    words: [...captureWords, ...words.switches, ...(isSeed ? words.capture : [])],
    environment: io.environment,
    files: readEnvironmentFiles(options, io.workingDirectory, findings),
    names: readNames(),
    podIps: podIp === undefined ? (command.podIps ?? [DEFAULT_ADDRESSES.pod[4]]) : podIp.split(","),
    ...(dialect === undefined ? {} : { dialect }),
  };
  const capture = parseCapture(input);
  if (!capture.ok) for (const found of capture.findings) findings.push(found);
  const asksForUsage = capture.ok && capture.value.purpose === "usage";
  if (!capture.ok || (findings.length > 0 && !asksForUsage)) return { options, captureFrom, line: null, findings };
  const defaultConfig = captureFrom === "flags" ? "" : describeDefaultConfig(input, isSeed);
  const line: CaptureCommandLine = { options, capture: capture.value, captureWords, captureFrom, defaultConfig };
  return { options, captureFrom, line, findings: [] };
}

/** Gives the last value of an option, or undefined where it is not given. */
export function lastValue(options: ParsedOptions, name: string): string | undefined {
  return options.values.get(name)?.at(-1);
}

/** Tells which settings a command uses where no flag was typed: commands differ in that. */
export function tellDefaultConfig({ defaultConfig }: CaptureCommandLine, io: Pick<CommandIo, "err">): void {
  if (defaultConfig !== "") io.err(`landfall: ${defaultConfig}\n`);
}

/** The most warnings that are shown. */
const WARNINGS_AT_MOST = 20;

/** Tells findings that stop nothing. */
export function tellWarnings(warnings: readonly Finding[], io: Pick<CommandIo, "err">): void {
  for (const warning of capFindings(warnings, WARNINGS_AT_MOST))
    io.err(`landfall: warning: ${renderFinding(warning)}\n`);
}

/** Deals the words out: what the command knows, and long options that nobody knows, to the command; the rest to the generator. */
function separateWords(args: readonly string[], specs: readonly OptionSpec[], positionals: "own" | "none") {
  const capture: string[] = [];
  const switches: string[] = [];
  const own: string[] = [];
  let setsAnything = false;
  for (const token of tokenizeWords(args, [...specs, ...CAPTURE_OPTIONS, ...CAPTURE_SWITCHES])) {
    const isOwn =
      token.kind === "option"
        ? !CAPTURE_NAMES.includes(token.name) && token.rawName.startsWith("--")
        : positionals === "own";
    const isSwitch = token.kind === "option" && CAPTURE_SWITCHES.some(({ name }) => name === token.name);
    setsAnything ||= token.kind === "option" && CAPTURE_OPTIONS.some(({ name }) => name === token.name);
    (isOwn ? own : isSwitch ? switches : capture).push(...renderToken(token));
  }
  return { own, capture, switches, setsAnything };
}

/** More than any settings take, and less than what the reading of one line bears. */
const MAX_FILE_CHARACTERS = 1_000_000;

/** Reads the two files: those named, which must be there, or the original's, if they are. */
function readEnvironmentFiles(
  options: ParsedOptions,
  workingDirectory: string,
  findings: Finding[],
): readonly EnvironmentFile[] {
  const wanted = [
    { option: "sidecar-env", standard: SIDECAR_ENV_PATH },
    { option: "cluster-env", standard: CLUSTER_ENV_PATH },
  ];
  return wanted.flatMap(({ option, standard }) => {
    const named = lastValue(options, option);
    const path = named === undefined ? standard : resolve(workingDirectory, named);
    const refuse = (why: string) => {
      findings.push(named === undefined ? finding(standard, why) : finding(`--${option}`, `${named}: ${why}`));
      return [];
    };
    try {
      const text = readTextFile(path);
      return text.length > MAX_FILE_CHARACTERS
        ? refuse("This holds more than a million characters, and is no file of settings.")
        : [{ path: named ?? standard, text }];
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
      return named === undefined && isAbsent ? [] : refuse(describeReadFailure(error));
    }
  });
}
