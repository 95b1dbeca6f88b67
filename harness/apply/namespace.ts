import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { LandfallError } from "../errors.ts";

/** Inodes that the kernel gives the first namespaces (include/linux/proc_ns.h); to the first network namespace only since 6.18. */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
const FIRST_NET_NAMESPACE = "net:[4026531833]";

const UNKNOWN_NAMESPACE =
  "it cannot be told in which network namespace this is: /proc cannot be read. Mount it: mount -t proc proc /proc.";

/** Gives the inode of the network namespace this process is in. */
export function readNamespaceInode(): string {
  return readOwnNamespace().replace(/\D/g, "");
}

/**
 * Says whether this process is in the host's own network namespace: that of pid 1 where this is the first pid namespace and that one can be
 * read; otherwise the first network namespace, as far as the kernel tells, and any with a physical device. Throws `environment` without
 * /proc.
 */
export function findNamespaceOwner(): "host" | "pod" {
  const own = readOwnNamespace();
  const isFirstPid = tryReadlink("/proc/self/ns/pid") === FIRST_PID_NAMESPACE;
  const hosts = isFirstPid ? tryReadlink("/proc/1/ns/net") : null;
  if (hosts !== null) return own === hosts ? "host" : "pod";
  return own === FIRST_NET_NAMESPACE || hasPhysicalDevice() ? "host" : "pod";
}

function readOwnNamespace(): string {
  const own = tryReadlink("/proc/self/ns/net");
  if (own === null) throw new LandfallError("environment", UNKNOWN_NAMESPACE);
  return own;
}

/** The devices under /sys may be those of the namespace in which it was mounted: only those count that this namespace has too. */
function hasPhysicalDevice(): boolean {
  const links = readFileSync("/proc/self/net/dev", "utf8").matchAll(/^\s*([^:\s]+):/gm);
  const own = new Set([...links].map(([, name]) => name));
  const listed = existsSync("/sys/class/net") ? readdirSync("/sys/class/net") : [];
  const isOneView = listed.every((name) => own.has(name) || name === "bonding_masters");
  return isOneView && listed.some((name) => existsSync(`/sys/class/net/${name}/device`));
}

function tryReadlink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
