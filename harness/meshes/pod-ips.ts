import { canonicalAddress } from "../model/address.ts";
import { codedFinding, type Finding } from "../model/finding.ts";

/** Gives the pod's addresses in canonical text, in order; a finding for each text that is not one. */
export function readPodIps(addresses: readonly string[], findings: Finding[]): readonly string[] {
  return addresses.flatMap((address) => {
    const canonical = canonicalAddress(address.trim());
    if (canonical !== null) return [canonical];
    findings.push(
      codedFinding(
        "invalid-address",
        "--pod-ip",
        `"${address}" is not an address; write for example 10.244.0.2 or 2001:db8::5.`,
      ),
    );
    return [];
  });
}
