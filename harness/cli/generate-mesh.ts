import { readPodIps } from "../capture/capture.ts";
import type { MeshFile, PodFacts } from "../meshes/mesh.ts";
import type { BoundSettings, NamedMesh } from "../meshes/meshes.ts";
import { canonicalAddress } from "../model/address.ts";
import type { Finding } from "../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../model/pod.ts";
import { tellWarnings } from "./capture-options.ts";
import type { CommandIo } from "./command.ts";
import { readInput } from "./input-file.ts";
import { MESH_SPECS } from "./mesh-specs.ts";
import { dealWords, describeInjected } from "./mesh-words.ts";
import { readNames } from "./names.ts";
import { type OptionSpec, type ParsedOptions, readOptions } from "./options.ts";
import { refuse } from "./refusal.ts";

/** The server that a pod asks in a cluster whose services have the first addresses of 10.96.0.0/12. */
const DEFAULT_RESOLVERS: readonly string[] = ["10.96.0.10"];

/** Where everything read goes. */
interface Reading {
  readonly io: CommandIo;
  readonly findings: Finding[];
}

/** What a command was asked for with `--mesh`. */
export interface MeshCommandLine {
  readonly options: ParsedOptions;
  readonly bound: BoundSettings;
}

/**
 * Reads the words of a command that stand beside `--mesh NAME`: the command's own options, and the mesh's, with its variables and its file;
 * without one of the mesh's own, those that its injector gives. Tells warnings on stderr. Throws `bad-input` with every finding.
 */
export function readMeshCommand(
  mesh: NamedMesh,
  words: readonly string[],
  specs: readonly OptionSpec[],
  io: CommandIo,
): MeshCommandLine {
  const findings: Finding[] = [];
  const dealt = dealWords(words, [...specs, ...MESH_SPECS], mesh);
  const { options, findings: faults } = readOptions(dealt.own, [...specs, ...MESH_SPECS]);
  findings.push(...faults);
  const reading = { io, findings };
  const config = readFile(options, "mesh-config", reading);
  const isInjected = dealt.mesh.length === 0 && config === null;
  const given = isInjected ? mesh.injected : { words: dealt.mesh, config };
  const pod = readPodFacts(options, reading);
  const read = mesh.bind({ ...given, environment: io.environment, files: [], names: readNames(), pod });
  if (!read.ok) findings.push(...read.findings);
  if (!read.ok || findings.length > 0) throw refuse(findings, `The settings of ${mesh.name} cannot be used`);
  if (isInjected) io.err(`landfall: no option sets anything, so the settings are ${describeInjected(mesh)}\n`);
  tellWarnings(read.value.warnings, io);
  return { options, bound: read.value };
}

function readFile(options: ParsedOptions, name: string, { io, findings }: Reading): MeshFile | null {
  const path = options.values.get(name)?.at(-1);
  const text = path === undefined ? null : readInput(path, io, findings);
  return path === undefined || text === null ? null : { path, text };
}

function readPodFacts(options: ParsedOptions, reading: Reading): PodFacts {
  const own = DEFAULT_ADDRESSES.pod;
  const addresses = readPodIps(options.values.get("pod-ip")?.at(-1)?.split(",") ?? [own[4]], reading.findings);
  const file = readFile(options, "resolv-conf", reading);
  return { addresses, own, resolvers: file === null ? DEFAULT_RESOLVERS : readServers(file) };
}

/** The servers of a resolver file, in order (resolv.conf(5), `nameserver`). */
function readServers({ text }: MeshFile): readonly string[] {
  const named = text.split("\n").flatMap((line) => /^nameserver[ \t]+(\S+)/.exec(line)?.[1] ?? []);
  return named.flatMap((server) => canonicalAddress(server) ?? []);
}
