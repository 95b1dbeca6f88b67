import type { Property } from "../analysis/properties.ts";
import type { PropertyResult } from "../analysis/prove.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { finding } from "../model/finding.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { loadPropertyFile } from "../run/property-file.ts";
import type { CommandIo } from "./command.ts";
import { refuse } from "./refusal.ts";

/** Properties of a user's own, with the file they stand in. */
export interface OwnProperties {
  readonly file: string;
  readonly properties: readonly Property[];
}

const WHAT = "The properties cannot be used";

/** Reads the file of `--properties`; none without one. Throws `bad-input` with every finding. */
export async function readProperties(
  file: string | undefined,
  config: CaptureConfig,
  addresses: SandboxAddresses,
  { workingDirectory }: Pick<CommandIo, "workingDirectory">,
): Promise<OwnProperties> {
  if (file === undefined) return { file: "", properties: [] };
  const loaded = await loadPropertyFile(file, workingDirectory, config, addresses);
  if (!loaded.ok) throw refuse(loaded.findings, WHAT);
  return { file, properties: loaded.value };
}

/** Throws `bad-input` where a user's property says something of no flow at all: it would hold whatever the rules. */
export function refuseEmpty(results: readonly PropertyResult[], { file, properties }: OwnProperties): void {
  const own = new Set(properties.map(({ name }) => name));
  const empty = results.filter(({ name, classes }) => own.has(name) && classes === 0);
  const message =
    "No flow that can meet these rules is among its flows, so that it would always hold; see that its family is under test, and that its target can be dialled from there.";
  if (empty.length > 0)
    throw refuse(
      empty.map(({ name }) => finding(`${file}: ${name}`, message)),
      WHAT,
    );
}
