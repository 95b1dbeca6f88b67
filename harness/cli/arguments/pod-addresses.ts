import { canBeOwned } from "../../analysis/pod/wide-pod.ts";
import { FAMILIES, familyOf } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES, type SandboxAddresses } from "../../model/pod.ts";
import { describeTakenPorts } from "../../run/pod-spec.ts";
import type { CommandIo } from "../command.ts";
import { refuse } from "../refusal.ts";

/**
 * Gives a sandbox's addresses with the pod where `--pod-ip` says: the first address of each family is the pod's, a family without one keeps
 * the default. Throws `bad-input` for one that another host of the sandbox has, or that no pod can have.
 *
 * @example
 * placePod({ ...capture, podIps: ["192.0.2.8"] }).pod // { 4: "192.0.2.8", 6: "fd00:244::2" }
 */
export function placePod({ podIps }: Pick<Capture, "podIps">): SandboxAddresses {
  const findings = podIps.flatMap(findAddressFaults);
  if (findings.length > 0) throw refuse(findings);
  const [ipv4, ipv6] = FAMILIES.map((family) => podIps.find((ip) => familyOf(ip) === family));
  const { pod } = DEFAULT_ADDRESSES;
  return { ...DEFAULT_ADDRESSES, pod: { 4: ipv4 ?? pod[4], 6: ipv6 ?? pod[6] } };
}

function findAddressFaults(ip: string): readonly Finding[] {
  const { client, upstream, vm } = DEFAULT_ADDRESSES;
  const owner = Object.entries({ client, upstream, vm }).find(([, host]) => host[4] === ip || host[6] === ip)?.[0];
  if (owner)
    return [
      codedFinding(
        "unusable-address",
        "--pod-ip",
        `${ip} is the address of ${owner} in the sandbox; give the pod another address.`,
      ),
    ];
  return canBeOwned(ip)
    ? []
    : [codedFinding("unusable-address", "--pod-ip", `${ip} cannot be a pod's address; give a unicast address.`)];
}

/** Says on stderr which of the app's ports a listener of the pod takes. */
export function tellTakenPorts(capture: Capture, io: Pick<CommandIo, "err">, listen: readonly number[] = []): void {
  for (const notice of describeTakenPorts(capture, listen)) io.err(`landfall: ${notice}\n`);
}
