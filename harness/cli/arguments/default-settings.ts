import { quoteWord } from "../../formats/words.ts";
import type { MeshInput } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import { cutOptionWords } from "../../meshes/option-words.ts";
import type { WordToken } from "../../meshes/word-tokens.ts";

/**
 * What a command takes where no option of the mesh is given: what the mesh's injector gives, or the defaults of its own tool;
 * `tool-if-whole`: those where the tool runs with them, and else the injector's.
 */
export type WithoutFlags = "injected" | "tool" | "tool-if-whole";

/** Says which settings a command takes of a mesh where no option is given. */
export function chooseDefault(given: WithoutFlags, mesh: NamedMesh): "injected" | "tool" {
  if (given !== "tool-if-whole") return given;
  return mesh.toolDefaults === "whole" ? "tool" : "injected";
}

/** Says in a sentence which settings are used where no option is given. */
export function describeDefault(mesh: NamedMesh, input: MeshInput, which: "injected" | "tool"): string {
  const own = mesh.describeDefault?.(input, which);
  if (own !== undefined) return own;
  if (which === "tool") return `no option is given; landfall uses ${describeToolsOwn(mesh)}${tellOthers(mesh)}`;
  const set = listRivals(mesh, input.environment).join(", ");
  const rivals = mesh.injectedAs === "variables" ? `, except for what is set here: ${set}` : `. They outweigh ${set}.`;
  return `no option is given; landfall uses ${describeInjected(mesh)}${set === "" ? "" : rivals}`;
}

/** Gives the words of a mesh's injector, without those in whose place a variable that is set stands. */
export function cutInjectedWords(mesh: NamedMesh, environment: MeshInput["environment"]): readonly WordToken[] {
  const tokens = cutOptionWords(mesh.injected.words, mesh.options);
  if (mesh.injectedAs !== "variables") return tokens;
  return tokens.filter((token) => findRival(token, mesh, environment) === null);
}

/** Gives the variables that are set and that would set what the injector's words set. */
function listRivals(mesh: NamedMesh, environment: MeshInput["environment"]): readonly string[] {
  const tokens = cutOptionWords(mesh.injected.words, mesh.options);
  return tokens.flatMap((token) => findRival(token, mesh, environment) ?? []);
}

function findRival(token: WordToken, { options }: NamedMesh, environment: MeshInput["environment"]): string | null {
  const option = token.kind === "option" ? options.find(({ flag }) => flag === token.name) : undefined;
  const variable = option?.variable ?? null;
  return variable !== null && environment[variable] !== undefined ? variable : null;
}

/** Says which settings a mesh means where none is given: `what linkerd's own injector gives: --proxy-uid 2102`. */
export function describeInjected(mesh: NamedMesh): string {
  const { name, injected } = mesh;
  const given = [...injected.words.map(quoteWord), ...(injected.config === null ? [] : [injected.config.text])];
  return given.length === 0
    ? describeToolsOwn(mesh)
    : `the options that ${name}'s own injector sets: ${given.join(" ")}`;
}

/**
 * Says in sentences what each command takes of a mesh where no option is given.
 *
 * @example
 * describeWithoutOptions(kuma)   // "Without options, landfall uses the defaults of kuma's own tool."
 */
export function describeWithoutOptions(mesh: NamedMesh): string {
  const [tool, injected] = [describeToolsOwn(mesh), describeInjected(mesh)];
  if (tool === injected) return `Without options, landfall uses ${tool}.`;
  return mesh.toolDefaults === "whole"
    ? `Without options, generate and apply use ${tool}. All other commands use ${injected}`
    : `Without options, apply refuses, as ${mesh.name}'s own tool does. All other commands use ${injected}`;
}

/** Rules that are generated without options are judged by others where the injector sets some: who pipes them on is told. */
function tellOthers(mesh: NamedMesh): string {
  const [tool, injected] = [describeToolsOwn(mesh), describeInjected(mesh)];
  return tool === injected ? "" : `. (Without options, verify, prove, map, explain and mutate use ${injected})`;
}

function describeToolsOwn({ name }: NamedMesh): string {
  return `the defaults of ${name}'s own tool`;
}
