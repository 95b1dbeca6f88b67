import { familyOf } from "./address.ts";
import type { Contract } from "./contract.ts";
import type { SandboxAddresses } from "./pod.ts";
import type { PodShape } from "./pod-shape.ts";
import type { PodRules } from "./ruleset.ts";

/** The words, and the variables for what has no word, that make settings again. */
export interface CaptureWords {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Texts of files that the words name, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * What a mesh's settings, or a contract file, say of a pod: what must become of its connections, who is in it, and the rules that the
 * mesh's own tool writes. Everything that judges rules is made from this; nobody outside a mesh's folder reads a setting.
 */
export interface Capture {
  /** What `--mesh` takes: `istio-1.4`, `linkerd`; `contract` where a contract file takes the place of a mesh. */
  readonly mesh: string;
  /** The settings as plain data, only to be shown. */
  readonly settings: unknown;
  /** `kept`: JSON has the settings also under the names of its first format. */
  readonly firstFormat?: "kept";
  /** The pod's addresses as the generator is told them, in order, canonical text. */
  readonly podIps: readonly string[];
  readonly shape: PodShape;
  /** The rules of the mesh's own tool; null where a contract file says what is demanded, which generates nothing. */
  readonly generated: PodRules | null;
  /** Gives the words that lead to these settings again, the pod's addresses among them. */
  readonly words: CaptureWords;
  /** Gives what must become of each connection of a pod with these addresses. */
  readonly contractFor: (addresses: SandboxAddresses) => Contract;
  /** Gives the same for a pod with these addresses; of the families that `podIps` names, each address becomes the sandbox's. */
  readonly placeIn: (addresses: SandboxAddresses) => Capture;
}

/** Gives a function that makes the contract of each addresses once: analyses ask for it flow by flow. */
export function keepContracts(make: Capture["contractFor"]): Capture["contractFor"] {
  const made = new WeakMap<SandboxAddresses, Contract>();
  return (addresses) => {
    const known = made.get(addresses);
    if (known) return known;
    const contract = make(addresses);
    made.set(addresses, contract);
    return contract;
  };
}

/** Says whether a pod is IPv6 alone: exactly one address, and it is IPv6. Then it cannot do without its IPv6 rules. */
export function isIpv6Pod({ podIps }: Pick<Capture, "podIps">): boolean {
  return podIps.length === 1 && familyOf(podIps[0] ?? "") === 6;
}
