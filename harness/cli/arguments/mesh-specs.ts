import { MESHES } from "../../meshes/meshes.ts";
import type { OptionSpec } from "./options.ts";

/** Long options beside a mesh's own, the same for every command that takes a mesh's settings. */
export const CAPTURE_LONG_OPTIONS: readonly OptionSpec[] = [
  {
    name: "mesh",
    value: "NAME",
    choices: MESHES.map(({ name }) => name),
    help: "whose rules and settings are meant; landfall meshes lists them (default istio-1.4)",
  },
  { name: "mesh-config", value: "FILE", help: "what the mesh's own tool takes as a file; - is standard input" },
  {
    name: "pod-ip",
    value: "ADDR[,ADDR]",
    help: "the pod's addresses; a single IPv6 address makes an IPv6 pod (default 10.244.0.2; of apply: those of the hostname)",
  },
  {
    name: "resolv-conf",
    value: "FILE",
    help: "the pod's resolver file (default: one server, 10.96.0.10; of apply: /etc/resolv.conf)",
  },
  { name: "sidecar-env", value: "FILE", help: "settings in place of /var/lib/istio/envoy/sidecar.env" },
  { name: "cluster-env", value: "FILE", help: "settings in place of /var/lib/istio/envoy/cluster.env" },
];

/** The option that puts a contract in a mesh's place. */
export const CONTRACT_OPTION: OptionSpec = {
  name: "contract",
  value: "FILE",
  help: "what must happen to each flow, in place of a mesh: YAML, JSON or a module (docs/contracts.md)",
};

/** The option that takes a mesh and its settings from a pod's manifest. */
export const MANIFEST_OPTION: OptionSpec = {
  name: "manifest",
  value: "FILE",
  help: "the mesh and its settings, from a pod as kubectl get pod NAME -o yaml prints it; - is standard input",
};
