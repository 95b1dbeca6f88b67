import { MESHES } from "../../meshes/meshes.ts";
import type { OptionSpec } from "./options.ts";

/** Long options beside a mesh's own, the same for every command that takes a mesh's settings. */
export const CAPTURE_LONG_OPTIONS: readonly OptionSpec[] = [
  {
    name: "mesh",
    value: "NAME",
    choices: MESHES.map(({ name }) => name),
    help: "the mesh whose options and rules to use (default istio-1.4); landfall meshes lists them",
  },
  {
    name: "mesh-config",
    value: "FILE",
    help: "a settings file in the format of the mesh's own tool; - reads standard input",
  },
  {
    name: "pod-ip",
    value: "ADDR[,ADDR]",
    help: "the pod's addresses; a single IPv6 address makes it an IPv6 pod (default 10.244.0.2; for apply, the addresses of the hostname; for inspect, those of the running pod)",
  },
  {
    name: "resolv-conf",
    value: "FILE",
    help: "the pod's resolv.conf (default one server, 10.96.0.10; for apply, /etc/resolv.conf)",
  },
  {
    name: "sidecar-env",
    value: "FILE",
    help: "a file with variables for the mesh, instead of /var/lib/istio/envoy/sidecar.env",
  },
  { name: "cluster-env", value: "FILE", help: "the same, instead of /var/lib/istio/envoy/cluster.env" },
];

/** The option that puts a contract in a mesh's place. */
export const CONTRACT_OPTION: OptionSpec = {
  name: "contract",
  value: "FILE",
  help: "a YAML or JSON file or module that states what must happen to each flow, instead of mesh options (docs/contracts.md)",
};

/** The option that judges by what a mesh's documents promise. */
export const STRICT_OPTION: OptionSpec = {
  name: "strict",
  value: null,
  help: "where a mesh's own tool does something else than its documentation says, expects what the documentation says",
};

/** The option that takes a mesh and its settings from a pod's manifest. */
export const MANIFEST_OPTION: OptionSpec = {
  name: "manifest",
  value: "FILE",
  help: "the mesh and its settings, from a pod as kubectl get pod NAME -o yaml prints it; - is standard input",
};
