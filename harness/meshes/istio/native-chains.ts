/** The tables that istio-iptables makes with --native-nftables (tools/istio-nftables/pkg/constants/constants.go). */
export const NATIVE_TABLES = ["istio-proxy-nat", "istio-proxy-mangle", "istio-proxy-raw"] as const;

/** The chains in them that only other rules lead to. */
export const NATIVE_CHAINS = {
  inbound: "istio-inbound",
  inboundRedirect: "istio-in-redirect",
  outbound: "istio-output",
  outboundRedirect: "istio-redirect",
  dns: "istio-output-dns",
  divert: "istio-divert",
  tproxy: "istio-tproxy",
  drop: "istio-drop",
} as const;
