import { resolve } from "node:path";
import { readTextFile } from "../../load/text-file.ts";
import { CLUSTER_ENV_PATH, SIDECAR_ENV_PATH } from "../../meshes/istio-1.4/environment.ts";
import type { MeshFile, PodFacts } from "../../meshes/mesh.ts";
import { readPodIps } from "../../meshes/pod-ips.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import { describeReadFailure } from "../../model/read-failure.ts";
import type { ParsedOptions } from "../arguments/options.ts";
import { findServerMistakes, readServers } from "./resolver-file.ts";

/** The server that a pod asks in a cluster whose services have the first addresses of 10.96.0.0/12. */
export const DEFAULT_RESOLVERS: readonly string[] = ["10.96.0.10"];

/** Where options are read, and where their findings go. */
export interface Reading {
  readonly options: ParsedOptions;
  readonly workingDirectory: string;
  readonly findings: Finding[];
}

/** Reads what is known of the pod; `podIps` and `resolvers` count where no option names any. */
export function readPodFacts(
  reading: Reading,
  {
    podIps,
    resolvers,
  }: { readonly podIps?: readonly string[] | undefined; readonly resolvers?: readonly string[] | undefined },
): PodFacts {
  const named = reading.options.values.get("pod-ip")?.at(-1)?.split(",");
  const own = DEFAULT_ADDRESSES.pod;
  const addresses = readPodIps(named ?? podIps ?? [own[4]], reading.findings);
  const path = reading.options.values.get("resolv-conf")?.at(-1);
  const file = path === undefined ? null : readSettingsFile(path, "--resolv-conf", reading);
  if (file !== null) reading.findings.push(...findServerMistakes(file));
  return { addresses, own, resolvers: file === null ? (resolvers ?? DEFAULT_RESOLVERS) : readServers(file) };
}

/** More than any settings take, and less than what the reading of one line bears. */
const MAX_FILE_CHARACTERS = 1_000_000;

/** Reads a file of settings that an option names; null with a finding. */
function readSettingsFile(path: string, option: string, { workingDirectory, findings }: Reading): MeshFile | null {
  try {
    const text = readTextFile(resolve(workingDirectory, path));
    if (text.length <= MAX_FILE_CHARACTERS) return { path, text };
    findings.push(
      codedFinding(
        "unreadable",
        option,
        `${path}: This has more than a million characters, so it is not a settings file.`,
      ),
    );
  } catch (error) {
    findings.push(codedFinding("unreadable", option, `${path}: ${describeReadFailure(error)}`));
  }
  return null;
}

/** Reads the two files of Istio 1.4: those named, which must be there, or the original's, if they are. */
export function readEnvironmentFiles(reading: Reading): readonly MeshFile[] {
  const wanted = [
    { option: "sidecar-env", standard: SIDECAR_ENV_PATH },
    { option: "cluster-env", standard: CLUSTER_ENV_PATH },
  ];
  return wanted.flatMap(({ option, standard }) => {
    const named = reading.options.values.get(option)?.at(-1);
    if (named !== undefined) return readSettingsFile(named, `--${option}`, reading) ?? [];
    try {
      const text = readTextFile(standard);
      if (text.length <= MAX_FILE_CHARACTERS) return [{ path: standard, text }];
      const message = "This has more than a million characters, so it is not a settings file.";
      reading.findings.push(codedFinding("unreadable", standard, message));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      reading.findings.push(codedFinding("unreadable", standard, describeReadFailure(error)));
    }
    return [];
  });
}
