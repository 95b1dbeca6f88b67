import type { MeshAnnotation } from "../../meshes/manifest.ts";
import type { MeshOption } from "../../meshes/mesh.ts";
import { MESHES, type NamedMesh } from "../../meshes/meshes.ts";
import { codedFinding } from "../../model/finding.ts";
import { renderJson } from "../../report/json.ts";
import { describeWithoutOptions } from "../arguments/default-settings.ts";
import { describeUnknownMesh } from "../arguments/mesh-words.ts";
import { type OptionSpec, parseOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { nameWithoutFlag, renderHelp } from "../output/help-text.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp, HelpRow } from "./help.ts";

const SPECS: readonly OptionSpec[] = [{ name: "json", value: null, help: "prints the same as JSON" }];

const HELP: CommandHelp = {
  usage: ["landfall meshes", "landfall meshes NAME"],
  about: [
    "Lists the meshes whose rules landfall can generate, and the upstream source that each reproduces. With NAME, lists the options, environment variables and annotations of that mesh.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "none",
  words: MESHES.map(({ name }) => name),
  examples: [
    ["landfall meshes", "lists every mesh"],
    ["landfall meshes linkerd", "lists the options of Linkerd's init container"],
  ],
  exitCodes: { 0: "printed", 2: "there is no such mesh" },
};

/** `landfall meshes`: which meshes landfall knows, and their options. */
export const meshes: Command = {
  help: HELP,
  async run(args, io) {
    const parsed = parseOptions(args, SPECS);
    if (!parsed.ok) throw refuseUsage(parsed.findings);
    const { values, positionals } = parsed.value;
    const asJson = values.has("json");
    const [name, ...others] = positionals;
    if (others.length > 0)
      throw refuseUsage(others.map((word) => codedFinding("missing-value", word, "Name at most one mesh.")));
    const chosen = MESHES.filter((mesh) => name === undefined || mesh.name === name);
    if (chosen.length === 0) throw refuseUsage([codedFinding("unknown-name", name ?? "", describeUnknownMesh(name))]);
    if (asJson) io.out(renderJson({ meshes: chosen.map(describeAsData) }));
    else io.out(name === undefined ? renderList() : chosen.map((mesh) => renderMesh(mesh, io)).join("\n"));
    return 0;
  },
};

function describeAsData({ name, reproduces, options, injected, manifest }: NamedMesh) {
  return {
    name,
    reproduces,
    injected: injected.words,
    options,
    annotations: manifest?.annotations.map(pickNames) ?? [],
  };
}

function pickNames({ name, setting, help }: MeshAnnotation): MeshAnnotation {
  return { name, setting, help };
}

const DEFAULT = "; the default of --mesh";

/** Gives what a mesh reproduces: `istio/istio master at 86c9f01fd735 (2026-08-22)`. */
function describeSource({ project, version, commit, date }: NamedMesh["reproduces"]): string {
  const at = commit === null ? "" : ` at ${commit.slice(0, 12)}`;
  return `${project} ${version}${at}${date === null ? "" : ` (${date})`}`;
}

function renderList(): string {
  const rows = [
    ...MESHES.map(({ name, reproduces }, i) => [name, describeSource(reproduces) + (i === 0 ? DEFAULT : "")] as const),
  ];
  const width = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", text]) => `${name.padEnd(width)}  ${text}\n`).join("");
}

function renderMesh(mesh: NamedMesh, io: CommandIo): string {
  const { name, options, reproduces } = mesh;
  const listed = options.filter(({ flag }) => flag !== null);
  const help: CommandHelp = {
    usage: [`landfall generate --mesh ${name} [OPTION…]`],
    about: [`Reproduces ${describeSource(reproduces)}.`, describeWithoutOptions(mesh)],
    ...listSettingsWithoutFlag(options),
    options: [{ title: "Options", options: listed.map(describeOption) }],
    ...listAnnotations(mesh),
    captureFlags: "none",
    examples: [],
    exitCodes: { 0: "printed", 2: "bad input: every finding is listed" },
  };
  return renderHelp(help, io.display);
}

function listSettingsWithoutFlag(options: readonly MeshOption[]): Pick<CommandHelp, "terms"> {
  const rows = options
    .filter(({ flag }) => flag === null)
    .map((option): HelpRow => {
      const also = option.annotation === null ? "" : `; the pod's annotation ${option.annotation}`;
      return [nameWithoutFlag(option), `${option.help}${also}`];
    });
  return rows.length === 0 ? {} : { terms: { title: "Variables, annotations and fields", rows } };
}

/** All annotations of pods, those that no single option stands for among them. */
function listAnnotations({ manifest }: NamedMesh): Pick<CommandHelp, "appendix"> {
  const rows = manifest?.annotations.map(({ name, help }): HelpRow => [name, help]) ?? [];
  return rows.length === 0 ? {} : { appendix: { title: "Annotations of pods, which --manifest FILE reads", rows } };
}

function describeOption({ flag, letter, value, variable, annotation, help, ...option }: MeshOption): OptionSpec {
  const others = [variable, annotation].filter((name) => name !== null);
  const also = others.length === 0 ? "" : `; also ${others.join(", ")}`;
  return {
    name: flag ?? "",
    ...(letter === null ? {} : { short: letter }),
    value,
    help: `${help} (default ${option.default || "none"})${also}`,
  };
}
