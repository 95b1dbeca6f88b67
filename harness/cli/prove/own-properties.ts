import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import type { Property } from "../../analysis/proof/properties.ts";
import { listProtocols, type PropertyResult } from "../../analysis/proof/prove.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import { loadPropertyFile } from "../../run/scenario/property-file.ts";
import type { CommandIo } from "../command.ts";
import { tellModuleOutput } from "../output/module-output.ts";
import { refuse } from "../refusal.ts";

/** Properties of a user's own, with the file they stand in. */
export interface OwnProperties {
  readonly file: string;
  readonly properties: readonly Property[];
}

const WHAT = "The properties cannot be used";

/** Reads the file of `--properties`; none without one. Throws `bad-input` with every finding. */
export async function readProperties(
  file: string | undefined,
  capture: Capture,
  addresses: SandboxAddresses,
  io: Pick<CommandIo, "workingDirectory" | "err">,
): Promise<OwnProperties> {
  if (file === undefined) return { file: "", properties: [] };
  const loaded = await loadPropertyFile(file, io.workingDirectory, capture, addresses, tellModuleOutput(io));
  if (!loaded.ok) throw refuse(loaded.findings, WHAT);
  return { file, properties: loaded.value };
}

/**
 * Gives the properties that `--only` names, in their own order; all without it. Throws `bad-input` with every name that is none of theirs.
 *
 * @example
 * chooseProperties(properties, ["no-uid-loop,inbound-captured"])   // those two
 */
export function chooseProperties(
  properties: readonly Property[],
  only: readonly string[] | undefined,
): readonly Property[] {
  if (only === undefined) return properties;
  const asked = only.flatMap((list) => list.split(",")).map((name) => name.trim());
  const names = properties.map(({ name }) => name);
  const unknown = [...new Set(asked)].filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw refuse(unknown.map((name) => codedFinding("unknown-name", "--only", describeUnknown(name, names))));
  return properties.filter(({ name }) => asked.includes(name));
}

function describeUnknown(name: string, names: readonly string[]): string {
  const near = findNearNames(name, names);
  const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `There are ${names.join(", ")}.`;
  return `"${name}" is not a property. ${hint}`;
}

/** Throws `bad-input` where the flows of `--within` are of protocols that no property speaks of: all would hold whatever the rules. */
export function refuseUnspoken(properties: readonly Property[], capture: Capture, setting: AnalysisSetting): void {
  if (setting.within === undefined || listProtocols(properties, capture, setting).length > 0) return;
  const { text, protocols } = setting.within;
  const named = protocols.map((name) => name.toUpperCase()).join(" or ");
  const message = `None of the selected properties is about ${named}; landfall map says where these flows land.`;
  throw refuse([codedFinding("nothing-asked", "--within", `"${text}": ${message}`)]);
}

/** Throws `bad-input` where a user's property says something of no flow at all: it would hold whatever the rules. */
export function refuseEmpty(results: readonly PropertyResult[], { file, properties }: OwnProperties): void {
  const own = new Set(properties.map(({ name }) => name));
  const empty = results.filter(({ name, classes }) => own.has(name) && classes === 0);
  const message =
    "None of its flows can reach these rules, so it would always hold; check that its family is under test and that its target can be dialled from there.";
  if (empty.length > 0)
    throw refuse(
      empty.map(({ name }) => codedFinding("nothing-asked", `${file}: ${name}`, message)),
      WHAT,
    );
}
