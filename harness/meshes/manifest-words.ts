import { basename } from "node:path";
import { codedFinding, type Finding } from "../model/finding.ts";
import type { ManifestContainer, ManifestPath, PodManifest } from "./manifest-pod.ts";

/** The words that a container's program gets. */
export interface ProgramWords {
  readonly words: readonly string[];
  /** Where they stand: under `args`, or under `command` where all of them stand there. */
  readonly path: ManifestPath;
  /** Words that nobody can read from the manifest. */
  readonly findings: readonly Finding[];
}

/** What runs a script that stands in one of its words. */
const SHELLS = ["sh", "bash", "ash", "dash", "ksh", "zsh", "busybox"];

/**
 * Reads the words that a container's program gets: those of `command` behind the program's own name, then `args` (Container in the API
 * reference: `command` takes the place of the image's entry point). `naming` are words that only name the tool in a larger program, as in
 * `pilot-agent istio-iptables`; at the beginning they are left out. A shell is a finding: its script is not read. No words without a
 * container.
 *
 * @example
 * readProgramWords(pod, init, ["istio-iptables"])   // command: [pilot-agent, istio-iptables], args: [-u, "1337"]
 * // { words: ["-u", "1337"], path: ["spec", "initContainers", 0, "args"], findings: [] }
 */
export function readProgramWords(
  pod: PodManifest,
  container: ManifestContainer | null,
  naming: readonly string[],
): ProgramWords {
  if (container === null) return { words: [], path: [], findings: [] };
  const { name, command, args } = container;
  const [program = "", ...first] = command;
  const path = [...container.path, args.length === 0 && command.length > 0 ? "command" : "args"];
  const all = [...first, ...args];
  const begins = all.findIndex((word) => !naming.includes(word));
  const words = begins === -1 ? [] : all.slice(begins);
  if (!SHELLS.includes(basename(program))) return { words, path, findings: [] };
  const message = `The container ${name} runs a shell, ${program}, and landfall does not read scripts; write the words of the mesh's own tool under args, and no command.`;
  const at = pod.lineOf([...container.path, "command"]);
  return { words: [], path, findings: [codedFinding("missing-value", pod.file, message, at)] };
}
