import type { Mesh, MeshInput } from "../harness/meshes/mesh.ts";
import { cutOptionWords } from "../harness/meshes/option-words.ts";

/** What a mesh is given, with its words as a person types them. */
export interface TypedInput extends Omit<MeshInput, "tokens"> {
  readonly words: readonly string[];
}

/** Cuts an input's words by the options of a mesh. */
export function cutInput({ options }: Pick<Mesh<unknown>, "options">, { words, ...input }: TypedInput): MeshInput {
  return { ...input, tokens: cutOptionWords(words, options) };
}

/** Reads the settings of an input that a person types. */
export function readTyped<Settings>(mesh: Mesh<Settings>, input: TypedInput): ReturnType<Mesh<Settings>["read"]> {
  return mesh.read(cutInput(mesh, input));
}
