import type { Finding, Parsed } from "../model/finding.ts";
import type { PodRules } from "../model/ruleset.ts";
import { consul } from "./consul/mesh.ts";
import { istio } from "./istio/mesh.ts";
import { istioAmbient } from "./istio-ambient/mesh.ts";
import { kuma } from "./kuma/mesh.ts";
import { linkerd } from "./linkerd/mesh.ts";
import type { Mesh, MeshInput, ReadSettings, SettingOrigin } from "./mesh.ts";

/** A mesh of which nobody outside its folder knows the settings. */
export interface NamedMesh extends Pick<Mesh<unknown>, "name" | "reproduces" | "options" | "injected"> {
  /** Reads settings and gives what follows from them; gives every finding at once. */
  readonly bind: (input: MeshInput) => Parsed<BoundSettings>;
}

/** A mesh's settings, read, with the rules that follow from them. */
export interface BoundSettings {
  /** Plain data, to be shown. */
  readonly settings: unknown;
  readonly origins: Readonly<Record<string, SettingOrigin>>;
  readonly warnings: readonly Finding[];
  readonly purpose: ReadSettings<unknown>["purpose"];
  readonly rules: PodRules;
}

/** Every mesh but Istio 1.4, whose flags every command takes without a mesh's name. A new one is a folder of this room and a line here. */
export const MESHES: readonly NamedMesh[] = [
  hideSettings(istio),
  hideSettings(istioAmbient),
  hideSettings(linkerd),
  hideSettings(kuma),
  hideSettings(consul),
];

/** Gives a mesh by the name that `--mesh` takes, or null where there is none of that name. */
export function findMesh(name: string): NamedMesh | null {
  return MESHES.find((mesh) => mesh.name === name) ?? null;
}

function hideSettings<Settings>(mesh: Mesh<Settings>): NamedMesh {
  const { name, reproduces, options, injected } = mesh;
  const bind = (input: MeshInput): Parsed<BoundSettings> => {
    const read = mesh.read(input);
    if (!read.ok) return read;
    return { ok: true, value: { ...read.value, rules: mesh.generate(read.value.settings, input.pod) } };
  };
  return { name, reproduces, options, injected, bind };
}
