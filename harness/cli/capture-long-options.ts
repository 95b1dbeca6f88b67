import type { OptionSpec } from "./options.ts";

/** Long options beside the generator's own flags, the same for every command that takes a capture config. */
export const CAPTURE_LONG_OPTIONS: readonly OptionSpec[] = [
  { name: "dialect", value: "NAME", help: "whose rules (default istio-1.4)" },
  {
    name: "pod-ip",
    value: "ADDR[,ADDR]",
    help: "the pod's addresses; a single IPv6 address makes an IPv6 pod (default 10.244.0.2; of apply: those of the hostname)",
  },
  { name: "sidecar-env", value: "FILE", help: "settings in place of /var/lib/istio/envoy/sidecar.env" },
  { name: "cluster-env", value: "FILE", help: "settings in place of /var/lib/istio/envoy/cluster.env" },
];
