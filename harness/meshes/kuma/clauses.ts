import type { Family } from "../../model/address.ts";
import type { PodFacts } from "../mesh.ts";
import type { KumaSettings } from "./settings.ts";

/** The clauses of Kuma's contract, with what each says. */
export const CLAUSES = {
  "dns-captured": "DNS over UDP that the workload sends to a captured server goes to Kuma's DNS proxy.",
  "dns-over-tcp-untouched": "DNS over TCP of the workload is left alone where DNS is redirected.",
  "virtual-networks-captured":
    "What comes from a virtual network is outbound: TCP to elsewhere goes to the outbound listener, DNS to the DNS proxy.",
  "self-calls-captured": "What the proxy dials at the pod's own addresses goes to the inbound listener.",
  "pass-through-untouched": "What comes from the pass-through address stays in the pod and is left alone.",
  "proxy-untouched": "What else the proxy dials is left alone.",
  "loopback-untouched": "What the workload dials at the pod's own addresses is left alone.",
  "exclusions-untouched":
    "Excluded ports, uids and networks are left alone, and so is what is not redirected, what is not included, and all that is not TCP.",
  "inbound-captured": "TCP from peers goes to the inbound listener.",
  "outbound-captured": "All other TCP of the pod goes to the outbound listener.",
} as const;

/** A clause of Kuma's. */
export type ClauseName = keyof typeof CLAUSES;

/** Whatever a demand follows from beside the connection. */
export interface KumaFacts {
  readonly settings: KumaSettings;
  readonly pod: PodFacts;
  readonly families: readonly Family[];
}
