import type { MeshOption } from "../mesh.ts";

type Row = readonly [flag: string, value: string | null, otherwise: string, help: string];

/** Flags of the command; each also has a variable of the same name in capitals. */
const FLAGS: readonly Row[] = [
  ["cni-conf-name", "NAME", "none", "the file of the CNI configuration to change"],
  ["chained-cni-plugin", null, "true", "adds the plugin to a chain of plugins"],
  ["cni-network-config", "TEXT", "none", "the template of the CNI configuration"],
  ["istio-owned-cni-config-filename", "NAME", "none", "the file of a CNI configuration of Istio's own"],
  ["istio-owned-cni-config", null, "false", "keeps a CNI configuration of Istio's own"],
  ["log-level", "LEVEL", "warn", "the log level of the CNI plugin"],
  ["mounted-cni-net-dir", "PATH", "/host/etc/cni/net.d", "the folder of CNI configurations"],
  ["cni-agent-run-dir", "PATH", "/var/run/istio-cni", "the folder of the agent's sockets"],
  ["cni-network-config-file", "PATH", "none", "the template of the CNI configuration as a file"],
  ["kubeconfig-mode", "MODE", "0600", "the file mode of the kubeconfig file"],
  ["cni-conf-group-read", null, "false", "lets the group read the CNI configuration"],
  ["kube-ca-file", "PATH", "none", "the CA file for the kubeconfig file"],
  ["skip-tls-verify", null, "false", "writes a kubeconfig file that does not verify TLS"],
  ["monitoring-port", "PORT", "15014", "the port of the agent's metrics"],
  ["ztunnel-uds-address", "PATH", "/var/run/ztunnel/ztunnel.sock", "the socket by which ztunnel talks to the agent"],
  ["ambient-enabled", null, "false", "starts ambient mode; landfall generates its rules all the same"],
  ["enable-ambient-detection-retry", null, "false", "asks again whether a pod is in the mesh"],
  ["repair-enabled", null, "true", "repairs pods of sidecars"],
  ["repair-delete-pods", null, "false", "deletes broken pods of sidecars"],
  ["repair-label-pods", null, "false", "labels broken pods of sidecars"],
  ["repair-broken-pod-label-key", "KEY", "cni.istio.io/uninitialized", "the key of that label"],
  ["repair-broken-pod-label-value", "VALUE", "true", "the value of that label"],
  ["repair-node-name", "NAME", "none", "the node whose pods are repaired"],
  ["repair-sidecar-annotation", "KEY", "sidecar.istio.io/status", "the annotation by which a sidecar is known"],
  ["repair-init-container-name", "NAME", "istio-validation", "the init container that fails in a broken pod"],
  ["repair-init-container-termination-message", "TEXT", "none", "its message"],
  ["repair-init-container-exit-code", "CODE", "126", "its exit code"],
  ["repair-label-selectors", "SELECTORS", "none", "the labels of pods that are repaired"],
  ["repair-field-selectors", "SELECTORS", "none", "the fields of pods that are repaired"],
];

/** Flags without a variable: those of Istio's logging and introspection. */
const LOG_FLAGS: readonly Row[] = [
  ["log_target", "PATHS", "stdout", "where the agent logs"],
  ["log_as_json", null, "false", "logs as JSON"],
  ["log_output_level", "LEVELS", "default:info", "the agent's log levels"],
  ["log_stacktrace_level", "LEVELS", "default:none", "the levels at which the agent logs its stack"],
  ["log_caller", "SCOPES", "none", "the scopes in which the agent logs its source"],
  ["ctrlz_port", "PORT", "9876", "the port of the agent's introspection"],
  ["ctrlz_address", "ADDRESS", "localhost", "the address of the agent's introspection"],
];

/** Variables that have no flag. */
const VARIABLES: readonly Row[] = [
  ["AMBIENT_ENABLEMENT_SELECTOR", "YAML", "none", "the pods that are in the mesh"],
  ["AMBIENT_DISABLE_SAFE_UPGRADE", null, "false", "cleans up at an upgrade of the agent"],
  ["AMBIENT_RECONCILE_POD_RULES_ON_STARTUP", null, "false", "renews the rules of running pods when the agent starts"],
  ["AMBIENT_USE_SCOPED_XTABLES_LOCKING", null, "true", "gives each pod a lock file of iptables-legacy"],
  ["AMBIENT_ENABLE_AWS_BRANCH_ENI_PROBE", null, "true", "adds routes on the host for probes of pods with an ENI"],
  ["EXCLUDE_NAMESPACES", "NAMES", "none", "namespaces whose pods the plugin ignores"],
  ["FORCE_IPTABLES_BINARY", "legacy|nft", "what the agent finds", "the variant of iptables that apply uses"],
  ["POD_NAMESPACE", "NAME", "none", "the namespace of the agent"],
  ["REPAIR_REPAIR_PODS", null, "false; Istio's chart sets true", "mends broken pods of sidecars in place"],
  ["SYSTEM_NAMESPACE", "NAME", "istio-system", "the namespace of Istio"],
];

/** The inputs of Istio's node agent that steer the agent alone and change no rule in a pod. */
export const TOOL_OPTIONS: readonly MeshOption[] = [
  ...FLAGS.map((row) => makeOption(row, row[0], row[0].toUpperCase().replaceAll("-", "_"))),
  ...LOG_FLAGS.map((row) => makeOption(row, row[0], null)),
  ...VARIABLES.map((row) => makeOption(row, null, row[0])),
];

function makeOption([setting, value, otherwise, help]: Row, flag: string | null, variable: string | null): MeshOption {
  return {
    setting,
    flag,
    letter: null,
    variable,
    annotation: null,
    value,
    ...(value === null ? { words: ["true", "false"] } : {}),
    repeats: "last",
    default: otherwise,
    help,
    effect: "tool",
  };
}
