import type { PodFacts, ReadSettings } from "../../meshes/mesh.ts";
import { type BoundSettings, type NamedMesh, namingWords } from "../../meshes/meshes.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import type { CommandIo } from "../command.ts";
import type { CommandHelp } from "../commands/help.ts";
import { type Reading, readPodFacts } from "../input/pod-facts.ts";
import { renderHelp } from "../output/help-text.ts";
import { refuseUsage } from "../refusal.ts";
import { chooseDefault, describeDefault, type WithoutFlags } from "./default-settings.ts";
import type { ReadManifestFile, TakeManifest } from "./manifest-option.ts";
import { makeInput, makeManifestInput } from "./mesh-input.ts";
import { CAPTURE_LONG_OPTIONS, STRICT_OPTION } from "./mesh-specs.ts";
import { type DealtWords, dealWords, findPurpose, isIdle, takeMesh } from "./mesh-words.ts";
import { lastValue, type OptionSpec, type ParsedOptions, readOptionTokens } from "./options.ts";

/** A command's words: its own options, and what a mesh's options, or a contract file, say of a pod. */
export interface CaptureCommandLine {
  readonly options: ParsedOptions;
  readonly capture: Capture;
  /** The mesh whose options were read; null with a contract. */
  readonly mesh: NamedMesh | null;
  readonly origins: BoundSettings["origins"];
  readonly warnings: readonly Finding[];
  readonly purpose: ReadSettings<unknown>["purpose"];
  /** The mesh's words as typed, without those that only check or help, or those that no option means; `--mesh` with any but the first. */
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
  readonly withoutFlags: WithoutFlags;
  /** Whether words that belong to no option are the command's own (scenario names, a FLOW); otherwise they are findings. */
  readonly positionals: "own" | "none";
  /** Told on stderr where a flag is not known, as the original does. */
  readonly usage?: CommandHelp;
  /**
   * What reads the file of `--contract`, of a command that takes the option. Commands without it load nothing of contracts, since pods wait
   * for some of them to start.
   */
  readonly readContract?: ReadContract;
  /** What makes `--strict` of settings, of a command that takes the option; others load nothing of it either. */
  readonly demandPromises?: (capture: Capture) => Capture;
  /** What reads the manifest of `--manifest`, of a command that takes the option. */
  readonly takeManifest?: TakeManifest;
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
  const { line, findings } = readCaptureWords(args, command, io);
  if (line !== null) return line;
  if (command.usage !== undefined && findings.some(({ code }) => code === "unknown-flag"))
    io.err(renderHelp(command.usage, io.display, takeMesh(args, []).mesh));
  throw refuseUsage(findings);
}

/** Reads a command's words as {@link readCaptureCommand} does, and gives the findings. Words that ask for help have none. */
export function readCaptureWords(args: readonly string[], command: CaptureCommandOptions, io: Io): PartialCaptureLine {
  const findings: Finding[] = [];
  const { mesh: named, words: given, isNamed } = takeMesh(args, findings);
  const taken = command.takeManifest?.(given, isNamed ? named : null, io, findings);
  const [words, manifest] = [taken?.words ?? given, taken?.manifest ?? null];
  const mesh = manifest?.mesh ?? named;
  const specs = [...command.specs, ...CAPTURE_LONG_OPTIONS];
  const dealt = dealWords(words, specs, mesh, command.positionals);
  const names = mesh.options.flatMap(({ flag }) => flag ?? []);
  const { options, findings: ownFindings } = readOptionTokens(dealt.own, specs, names);
  findings.push(...ownFindings);
  const reading: Reading = { options, workingDirectory: io.workingDirectory, findings };
  const path = lastValue(options, "contract");
  const { readContract } = command;
  if (path !== undefined && readContract) {
    const read = (pod: PodFacts) => readContract(path, pod, reading);
    const rivals = [...(isNamed ? ["--mesh"] : []), ...(words.length < given.length ? ["--manifest"] : [])];
    return readWithContract({ dealt, reading, rivals, read }, command);
  }
  if (manifest !== null) refuseRivals(dealt, reading);
  return readWithMesh(mesh, { dealt, reading, manifest }, { ...command, ...io });
}

/** A manifest says what its pod has; options beside it would make another pod of it. */
function refuseRivals({ setsAnything, mesh }: DealtWords, { options, findings }: Reading): void {
  const rivals = [
    ...["mesh-config", "sidecar-env", "cluster-env"].flatMap((name) => (options.values.has(name) ? `--${name}` : [])),
    ...(setsAnything ? mesh.filter((word) => !isIdle(word)) : []),
  ];
  const message = "The manifest gives the settings; change it, or give options and no --manifest.";
  if (rivals.length > 0) findings.push(codedFinding("conflict", rivals.join(" "), message));
}

function readWithMesh(
  mesh: NamedMesh,
  given: { readonly dealt: DealtWords; readonly reading: Reading; readonly manifest: ReadManifestFile | null },
  command: CaptureCommandOptions & Io,
): PartialCaptureLine {
  const { dealt, reading, manifest } = given;
  const { options, findings } = reading;
  const isSet = [dealt.setsAnything, options.values.has("mesh-config"), manifest !== null].includes(true);
  // Without options a mesh is shown by its scenarios; one that has none by the settings of its injector.
  const captureFrom = isSet || mesh.builtInScenarios === undefined ? "flags" : "default";
  const which = chooseDefault(command.withoutFlags, mesh);
  const isInjected = !isSet && which === "injected";
  const input =
    manifest === null
      ? makeInput(mesh, { words: dealt.mesh, isInjected }, reading, command)
      : makeManifestInput(manifest, dealt.mesh, reading);
  const bound = mesh.bind(input, DEFAULT_ADDRESSES);
  for (const found of bound.ok ? [] : bound.findings) findings.push(found);
  const asksForUsage = bound.ok && bound.value.purpose === "usage";
  if (!bound.ok || (findings.length > 0 && !asksForUsage)) return { options, captureFrom, line: null, findings };
  const { origins, warnings } = bound.value;
  const purpose = findPurpose(bound.value.purpose, dealt);
  const isStrict = options.values.has(STRICT_OPTION.name);
  const capture = (isStrict && command.demandPromises?.(bound.value.capture)) || bound.value.capture;
  const line: CaptureCommandLine = {
    ...{ options, capture, mesh, origins, warnings, purpose, captureFrom },
    captureWords: [...namingWords(mesh), ...input.words.filter((word) => !isIdle(word))],
    defaultConfig: isSet ? "" : describeDefault(mesh, input, which),
    manifestTold: manifest?.told ?? [],
  };
  return { options, captureFrom, line, findings: [] };
}

/** A contract takes the place of a mesh, and of its options. */
function readWithContract(
  given: {
    readonly dealt: DealtWords;
    readonly reading: Reading;
    /** Options that name a mesh otherwise. */
    readonly rivals: readonly string[];
    readonly read: (pod: PodFacts) => Capture | null;
  },
  command: CaptureCommandOptions,
): PartialCaptureLine {
  const { dealt, reading } = given;
  const { options, findings } = reading;
  const words = dealt.mesh.filter((word) => !isIdle(word));
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
  const asksForUsage = dealt.mesh.some((word) => word === "-h" || word === "--help");
  const purpose = findPurpose(asksForUsage ? "usage" : "apply", dealt);
  const capture = given.read(readPodFacts(reading, command));
  if (capture === null || (findings.length > 0 && purpose !== "usage"))
    return { options, captureFrom: "flags", line: null, findings };
  const line: CaptureCommandLine = {
    ...{ options, capture, mesh: null, origins: {}, warnings: [], purpose, captureFrom: "flags" },
    captureWords: [],
    defaultConfig: "",
    manifestTold: [],
  };
  return { options, captureFrom: "flags", line, findings: [] };
}
