import type { OptionSpec } from "./options.ts";

/** Long options that come with `--mesh`. */
export const MESH_SPECS: readonly OptionSpec[] = [
  {
    name: "mesh",
    value: "NAME",
    help: "the mesh whose rules are meant; landfall meshes lists them (default istio-1.4)",
  },
  { name: "mesh-config", value: "FILE", help: "what the mesh's own tool takes as a file; - is standard input" },
  { name: "pod-ip", value: "ADDRESSES", help: "the pod's addresses, with commas between (default 10.244.0.2)" },
  { name: "resolv-conf", value: "FILE", help: "the pod's resolver file (default: one server, 10.96.0.10)" },
];

/** Says whether a command's words name a mesh: then what meshes need is loaded, and else not. */
export function namesMesh(words: readonly string[]): boolean {
  return words.some((word) => word === "--mesh" || word.startsWith("--mesh="));
}
