import type { Family } from "../../model/address.ts";
import type { PodFacts } from "../mesh.ts";
import type { KumaSettings } from "./settings.ts";

/** The clauses of Kuma's contract, with what each says. */
export const CLAUSES = {
  "dns-captured": "DNS over UDP from the workload to a captured server goes to Kuma's DNS proxy.",
  "dns-over-tcp-untouched": "If DNS is redirected, DNS over TCP from the workload is not captured.",
  "virtual-networks-captured":
    "Traffic from a virtual network counts as outbound: TCP to other destinations goes to the outbound listener, DNS to the DNS proxy.",
  "self-calls-captured": "Connections from the proxy to the pod's own addresses go to the inbound listener.",
  "pass-through-untouched": "Connections from the pass-through address stay in the pod and are not captured.",
  "proxy-untouched": "Other connections from the proxy are not captured.",
  "loopback-untouched": "Connections from the workload to the pod's own addresses are not captured.",
  "exclusions-untouched":
    "Excluded ports, uids and networks, traffic that is not redirected or not included, and everything other than TCP are not captured.",
  "inbound-captured": "TCP from peers goes to the inbound listener.",
  "outbound-captured": "All other TCP from the pod goes to the outbound listener.",
} as const;

/** The name of a clause of Kuma's contract: `inbound-captured`. */
export type ClauseName = keyof typeof CLAUSES;

/** Whatever a demand follows from beside the connection. */
export interface KumaFacts {
  readonly settings: KumaSettings;
  readonly pod: PodFacts;
  readonly families: readonly Family[];
}
