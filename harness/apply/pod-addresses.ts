import { readlinkSync } from "node:fs";
import { isIpv6AsOriginal } from "../meshes/istio-1.4/original-lists.ts";
import { canonicalAddress, familyOf } from "../model/address.ts";
import { isIpv6Pod } from "../model/capture.ts";
import { type Look, lookNow, type Question } from "./look.ts";
import { findNamespaceOwner } from "./namespace.ts";

/** The addresses by which a pod's family is decided, and what speaks against them. */
export interface PodAddresses {
  readonly podIps: readonly string[];
  readonly warnings: readonly string[];
}

/** What the pod's hostname stands for; or why that is not known. */
type NameAnswer =
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  /** No such name: the original goes on with no address at all. */
  | { readonly kind: "unknown-name"; readonly why: string }
  | { readonly kind: "cannot-ask"; readonly why: string };

/** The inode that the kernel gives the first UTS namespace, the host's own (include/linux/proc_ns.h, PROC_UTS_INIT_INO). */
const FIRST_UTS_NAMESPACE = "uts:[4026531838]";
/** What {@link findPodAddresses} asks: what the pod's hostname stands for. */
export const HOSTNAME_QUESTION: Question = { command: "hostname", args: ["--ip-address"] };
const REMEDY = "Use --pod-ip to set the addresses yourself.";

/**
 * Decides the pod's addresses as the original does: they are what `hostname --ip-address` prints, whatever the interfaces have. Warns where
 * the interfaces' addresses would make the other kind of pod. The interfaces decide where `hostname` cannot be asked, and where the name is
 * another machine's: entered from the host by its network namespace alone, a pod leaves the process with the host's name.
 */
export function findPodAddresses(interfaceIps: readonly string[], look: Look = lookNow): PodAddresses {
  const answer = askHostname(look);
  if (answer.kind === "cannot-ask" || isHostsName(answer, interfaceIps)) {
    const why = answer.kind === "cannot-ask" ? answer.why : "the hostname here belongs to the host, not to the pod";
    const warning = `landfall treats this as an IPv6 pod, because ${interfaceIps} is the only address of its interfaces; the original tool uses the hostname, but ${why}. ${REMEDY}`;
    return { podIps: interfaceIps, warnings: isIpv6Pod({ podIps: interfaceIps }) ? [warning] : [] };
  }
  const addresses = answer.kind === "addresses" ? answer.addresses : [];
  // Its test for an IPv6 address wants a number before the first colon: a pod whose name stands for ::5 is an IPv4 pod to it.
  const isIpv6 = addresses.length === 1 && isIpv6AsOriginal(addresses[0] ?? "");
  const podIps = isIpv6 || addresses.length > 1 ? addresses : addresses.filter((address) => familyOf(address) === 4);
  if (isIpv6Pod({ podIps }) === isIpv6Pod({ podIps: interfaceIps })) return { podIps, warnings: [] };
  const kind = isIpv6 ? "an IPv6 pod" : "an IPv4 pod, and inbound IPv6 is rejected";
  const because =
    answer.kind === "unknown-name"
      ? `its hostname has no address (${answer.why})`
      : `its hostname resolves to ${addresses.join(" and ")}`;
  const interfaces = interfaceIps.length === 0 ? "no address" : interfaceIps.join(" and ");
  return {
    podIps,
    warnings: [
      `landfall treats this as ${kind}, like the original tool, because ${because}; but its interfaces have ${interfaces}. ${REMEDY}`,
    ],
  };
}

function askHostname(look: Look): NameAnswer {
  const { status, stdout, stderr } = look(HOSTNAME_QUESTION);
  const why = stderr.trim().split("\n")[0] ?? "";
  if (status === "not-there") return { kind: "cannot-ask", why: "there is no hostname command in the PATH" };
  // busybox's knows no long options.
  if (status === "killed" || /option|usage/i.test(stderr)) return { kind: "cannot-ask", why };
  if (status !== 0) return { kind: "unknown-name", why };
  return { kind: "addresses", addresses: stdout.split(/\s+/).flatMap((word) => canonicalAddress(word) ?? []) };
}

function isHostsName(answer: NameAnswer, interfaceIps: readonly string[]): boolean {
  const isElsewhere = answer.kind !== "addresses" || !answer.addresses.some((one) => interfaceIps.includes(one));
  return isElsewhere && readUtsNamespace() === FIRST_UTS_NAMESPACE && findNamespaceOwner() === "pod";
}

function readUtsNamespace(): string | null {
  try {
    return readlinkSync("/proc/self/ns/uts");
  } catch {
    return null;
  }
}
