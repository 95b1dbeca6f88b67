import type { PodFacts, ReadSettings } from "../../meshes/mesh.ts";
import type { BoundSettings, NamedMesh } from "../../meshes/meshes.ts";
import { asksForUsage } from "../../meshes/option-words.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import type { CommandIo } from "../command.ts";
import type { CommandHelp } from "../commands/help.ts";
import { type Reading, readPodFacts } from "../input/pod-facts.ts";
import { renderHelp } from "../output/help-text.ts";
import { refuseUsage } from "../refusal.ts";
import { type CuttingOptions, type CutWords, cutCommandWords } from "./cut-words.ts";
import { chooseDefault, describeDefault, type WithoutFlags } from "./default-settings.ts";
import { makeInput } from "./mesh-input.ts";
import { STRICT_OPTION } from "./mesh-specs.ts";
import { type DealtWords, findPurpose, renderSettingWords, writeCaptureWords } from "./mesh-words.ts";
import { lastValue, type ParsedOptions } from "./options.ts";

/** A command's words: its own options, and what a mesh's options, or a contract file, say of a pod. */
export interface CaptureCommandLine {
  readonly options: ParsedOptions;
  readonly capture: Capture;
  /** The mesh whose options were read; null with a contract. */
  readonly mesh: NamedMesh | null;
  /** The mesh that `--mesh` names, else the default one: help is about it. */
  readonly named: NamedMesh;
  readonly origins: BoundSettings["origins"];
  readonly warnings: readonly Finding[];
  readonly purpose: ReadSettings<unknown>["purpose"];
  readonly variant: BoundSettings["variant"];
  /** The mesh's words as typed, without those that only check or help; `--mesh` with any but the first; or `--manifest` and its path. */
  readonly captureWords: readonly string[];
  /** Whether an option of the mesh, or a contract, was given that sets something, or the settings are the default ones. */
  readonly captureFrom: "flags" | "default";
  /** Which settings are used where none was given, in a sentence for {@link tellDefaultConfig}; empty where one was. */
  readonly defaultConfig: string;
  /** What a manifest said, and where it stands, a line each; nothing without one. */
  readonly manifestTold: readonly string[];
}

/** A command line as far as it can be read, for a command that has more to find fault with. */
export interface PartialCaptureLine {
  readonly options: ParsedOptions;
  readonly named: CaptureCommandLine["named"];
  readonly captureFrom: CaptureCommandLine["captureFrom"];
  /** Null where there are findings. */
  readonly line: CaptureCommandLine | null;
  /** What is wrong with the words that were read. */
  readonly findings: readonly Finding[];
}

/** What a command says of itself to {@link readCaptureCommand}. */
export interface CaptureCommandOptions extends CuttingOptions, ReadingOptions {}

/** What a command says of itself to {@link readCutWords}. */
export interface ReadingOptions {
  readonly withoutFlags: WithoutFlags;
  /** Told on stderr where a flag is not known, as the original does. */
  readonly usage?: CommandHelp;
  /**
   * What reads the file of `--contract`, of a command that takes the option. Commands without it load nothing of contracts, since pods wait
   * for some of them to start.
   */
  readonly readContract?: ReadContract;
  /** What makes `--strict` of settings, of a command that takes the option; others load nothing of it either. */
  readonly demandPromises?: (capture: Capture) => Capture;
  /** The pod's addresses where `--pod-ip` names none; the sandbox's IPv4 address if left out. */
  readonly podIps?: readonly string[];
  /** The pod's resolvers where `--resolv-conf` names no file. */
  readonly resolvers?: readonly string[];
}

/** Reads a contract's file for a pod; null with every finding added to the reading's. */
export type ReadContract = (path: string, pod: PodFacts, reading: Reading) => Capture | null;

type Io = Pick<CommandIo, "environment" | "workingDirectory">;

/**
 * Reads a command's words: those of the mesh that `--mesh` names to its settings, with its files and the environment, or a contract file,
 * and the command's own long options. Throws `bad-usage` with every finding of both.
 */
export function readCaptureCommand(
  args: readonly string[],
  command: CaptureCommandOptions,
  io: Pick<CommandIo, "environment" | "workingDirectory" | "err" | "display">,
): CaptureCommandLine {
  return requireLine(readCaptureWords(args, command, io), command, io);
}

/** Gives a command line that could be read; throws `bad-usage` with every finding of one that could not. */
export function requireLine(
  { line, findings, named }: PartialCaptureLine,
  { usage }: Pick<ReadingOptions, "usage">,
  io: Pick<CommandIo, "err" | "display">,
): CaptureCommandLine {
  if (line !== null) return line;
  if (usage !== undefined && findings.some(({ code }) => code === "unknown-flag"))
    io.err(renderHelp(usage, io.display, named));
  throw refuseUsage(findings);
}

/** Reads a command's words as {@link readCaptureCommand} does, and gives the findings. Words that ask for help have none. */
export function readCaptureWords(args: readonly string[], command: CaptureCommandOptions, io: Io): PartialCaptureLine {
  return readCutWords(cutCommandWords(args, command, io), command, io);
}

/** Reads words that are cut already as {@link readCaptureWords} does: with other addresses of the pod they may say something else. */
export function readCutWords(words: CutWords, command: ReadingOptions, io: Io): PartialCaptureLine {
  const { options, dealt, isNamed, manifestFrom, manifest } = words;
  const findings: Finding[] = [...words.findings];
  const reading: Reading = { options, workingDirectory: io.workingDirectory, findings };
  const path = lastValue(options, "contract");
  const { readContract } = command;
  if (path !== undefined && readContract) {
    const read = (pod: PodFacts) => readContract(path, pod, reading);
    const rivals = [...(isNamed ? ["--mesh"] : []), ...(manifestFrom === "option" ? ["--manifest"] : [])];
    return readWithContract(words, { reading, rivals, read }, command);
  }
  if (manifest !== null) refuseRivals(dealt, reading);
  return readWithMesh(words, reading, { ...command, ...io });
}

/** A manifest says what its pod has; options beside it would make another pod of it. */
function refuseRivals({ setsAnything, mesh }: DealtWords, { options, findings }: Reading): void {
  const rivals = [
    ...["mesh-config", "sidecar-env", "cluster-env"].flatMap((name) => (options.values.has(name) ? `--${name}` : [])),
    ...(setsAnything ? renderSettingWords(mesh) : []),
  ];
  const message = "The manifest gives the settings; change it, or give options and no --manifest.";
  if (rivals.length > 0) findings.push(codedFinding("conflict", rivals.join(" "), message));
}

function readWithMesh(
  { mesh, named, dealt, manifest }: CutWords,
  reading: Reading,
  command: ReadingOptions & Io,
): PartialCaptureLine {
  const { options, findings } = reading;
  const isSet = [dealt.setsAnything, options.values.has("mesh-config"), manifest !== null].includes(true);
  // Without options a mesh is shown by its scenarios; one that has none by the settings of its injector.
  const captureFrom = isSet || mesh.builtInScenarios === undefined ? "flags" : "default";
  const which = chooseDefault(command.withoutFlags, mesh);
  const tokens = { tokens: dealt.mesh, isInjected: !isSet && which === "injected" };
  const input = makeInput({ mesh, manifest }, tokens, reading, command);
  const bound = mesh.bind(input, DEFAULT_ADDRESSES);
  const found = bound.ok ? manifest?.findContradictions(bound.value.capture.shape) : bound.findings;
  for (const each of found ?? []) findings.push(each);
  const isUsage = bound.ok && bound.value.purpose === "usage";
  if (!bound.ok || (findings.length > 0 && !isUsage)) return { options, captureFrom, named, line: null, findings };
  const { origins, warnings, variant } = bound.value;
  const purpose = findPurpose(bound.value.purpose, dealt);
  const isStrict = options.values.has(STRICT_OPTION.name);
  const capture = (isStrict && command.demandPromises?.(bound.value.capture)) || bound.value.capture;
  const line: CaptureCommandLine = {
    ...{ options, capture, mesh, named, origins, warnings, purpose, variant, captureFrom },
    captureWords: writeCaptureWords(mesh, input.tokens, manifest),
    defaultConfig: isSet ? "" : describeDefault(mesh, input, which),
    manifestTold: manifest?.told ?? [],
  };
  return { options, captureFrom, named, line, findings: [] };
}

/** A contract takes the place of a mesh, and of its options. */
function readWithContract(
  { dealt, named }: CutWords,
  given: {
    readonly reading: Reading;
    /** Options that name a mesh otherwise. */
    readonly rivals: readonly string[];
    readonly read: (pod: PodFacts) => Capture | null;
  },
  command: ReadingOptions,
): PartialCaptureLine {
  const { reading } = given;
  const { options, findings } = reading;
  const words = renderSettingWords(dealt.mesh);
  const replaced = ["mesh-config", STRICT_OPTION.name].filter((name) => options.values.has(name));
  const rivals = [...given.rivals, ...replaced.map((name) => `--${name}`)];
  if (words.length > 0 || rivals.length > 0)
    findings.push(
      codedFinding(
        "conflict",
        [...rivals, ...words].join(" "),
        "A contract file replaces a mesh and its options; give either --contract or mesh options.",
      ),
    );
  const purpose = findPurpose(asksForUsage(dealt.mesh) ? "usage" : "apply", dealt);
  const capture = given.read(readPodFacts(reading, command));
  if (capture === null || (findings.length > 0 && purpose !== "usage"))
    return { options, captureFrom: "flags", named, line: null, findings };
  const line: CaptureCommandLine = {
    ...{ options, capture, mesh: null, named, origins: {}, warnings: [], purpose, variant: null, captureFrom: "flags" },
    captureWords: [],
    defaultConfig: "",
    manifestTold: [],
  };
  return { options, captureFrom: "flags", named, line, findings: [] };
}
