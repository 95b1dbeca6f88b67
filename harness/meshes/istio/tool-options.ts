import type { MeshOption } from "../mesh.ts";

const TOOL = { letter: null, annotation: null, repeats: "last", effect: "tool" } as const;
const SWITCH = { ...TOOL, value: null, default: "false" } as const;

/** Options that change no rule: those that steer the tool, and those that ask for another action. */
export const TOOL_OPTIONS: readonly (Omit<MeshOption, "variable"> & Partial<Pick<MeshOption, "variable">>)[] = [
  { ...SWITCH, setting: "dryRun", flag: "dry-run", letter: "n", help: "applies nothing" },
  {
    ...{ ...TOOL, setting: "forceIptablesBinary", flag: "force-iptables-binary", value: "VARIANT" },
    ...{ words: ["nft", "legacy"], default: "found out", help: "the variant of iptables that apply uses" },
    choosesVariant: true,
  },
  {
    ...{ ...TOOL, setting: "networkNamespace", flag: "network-namespace", value: "PATH" },
    ...{ default: "its own", help: "the network namespace to work in; run landfall in it instead" },
  },
  { ...SWITCH, setting: "cniMode", flag: "cni-mode", help: "how the tool locks iptables in a CNI plugin" },
  {
    ...{ ...TOOL, setting: "iptablesProbePort", flag: "iptables-probe-port", value: "PORT" },
    ...{ default: "15002", help: "the port that the tool's own validation dials" },
  },
  {
    ...{ ...TOOL, setting: "probeTimeout", flag: "probe-timeout", value: "DURATION" },
    ...{ default: "5s", help: "how long the tool's own validation waits" },
  },
  {
    ...{ ...TOOL, setting: "logOutputLevel", flag: "log_output_level", variable: null, value: "LEVELS" },
    ...{ default: "default:info", help: "levels of the tool's log" },
  },
  {
    ...{ ...TOOL, setting: "logTarget", flag: "log_target", variable: null, value: "PATH" },
    ...{ default: "stdout", help: "where the tool's log goes" },
  },
  {
    ...{ ...TOOL, setting: "logCaller", flag: "log_caller", variable: null, value: "SCOPES" },
    ...{ default: "none", help: "scopes whose log names the caller" },
  },
  {
    ...{ ...TOOL, setting: "logStacktraceLevel", flag: "log_stacktrace_level", variable: null, value: "LEVELS" },
    ...{ default: "default:none", help: "levels at which the tool's log has stack traces" },
  },
  { ...SWITCH, setting: "logAsJson", flag: "log_as_json", variable: null, help: "writes the tool's log as JSON" },
  {
    ...{ ...SWITCH, setting: "skipRuleApply", flag: "skip-rule-apply" },
    ...{ help: "applies no rules", effect: { instead: "landfall verify, which applies nothing to this machine" } },
  },
  {
    ...{ ...SWITCH, setting: "runValidation", flag: "run-validation" },
    ...{ help: "checks the applied rules with one connection", effect: { instead: "landfall verify" } },
  },
  {
    ...{ ...SWITCH, setting: "reconcile", flag: "reconcile" },
    ...{
      help: "replaces rules that differ",
      effect: { instead: "landfall apply, which always replaces its own rules" },
    },
  },
  {
    ...{ ...SWITCH, setting: "cleanupOnly", flag: "cleanup-only" },
    ...{ help: "removes the rules", effect: { instead: "landfall clean" } },
  },
  {
    ...{ ...SWITCH, setting: "forceApply", flag: "force-apply" },
    ...{ help: "applies the rules again", effect: { instead: "landfall apply, which may be repeated" } },
  },
];
