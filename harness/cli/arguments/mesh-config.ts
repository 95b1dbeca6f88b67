import type { MeshFile } from "../../meshes/mesh.ts";
import type { Finding } from "../../model/finding.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "../input/input-file.ts";

/** What `--mesh-config -` gave: apply reads its words once before it looks at the namespace, and once after. */
let standardInput: string | null = null;

/** Reads the file that `--mesh-config` names; null without one, and with a finding where it cannot be read. */
export function readMeshConfig(
  path: string | undefined,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): MeshFile | null {
  if (path === undefined) return null;
  const text = path === "-" && standardInput !== null ? standardInput : readInput(path, io, findings);
  if (path === "-") standardInput = text;
  return text === null ? null : { path, text };
}
