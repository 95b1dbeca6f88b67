import { quoteWord } from "../../formats/words.ts";
import type { MeshInput } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";

/**
 * What a command takes where no option of the mesh is given: what the mesh's injector gives, or the defaults of its own tool;
 * `tool-if-whole`: those where they make rules, and else the injector's.
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
  const settings = which === "injected" ? describeInjected(mesh) : describeToolsOwn(mesh);
  return `no option is given; landfall uses ${settings}`;
}

/** Says which settings a mesh means where none is given: `what linkerd's own injector gives: --proxy-uid 2102`. */
export function describeInjected(mesh: NamedMesh): string {
  const { name, injected } = mesh;
  const given = [...injected.words.map(quoteWord), ...(injected.config === null ? [] : [injected.config.text])];
  return given.length === 0
    ? describeToolsOwn(mesh)
    : `the options that ${name}'s own injector sets: ${given.join(" ")}`;
}

function describeToolsOwn({ name }: NamedMesh): string {
  return `the defaults of ${name}'s own tool`;
}
