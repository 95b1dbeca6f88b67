import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Inodes that the kernel gives the first namespaces (include/linux/proc_ns.h; the first network namespace has had this one since 3.8). */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
const FIRST_NET_NAMESPACE = "net:[4026531833]";

/** Gives the inode of the network namespace this process is in. */
export function readNamespaceInode(): string {
  return readlinkSync("/proc/self/ns/net").replace(/\D/g, "");
}

/**
 * Says whether this process is in the host's own network namespace: that of pid 1 where this is the first pid namespace; where that one
 * cannot be read, the first network namespace; in another pid namespace, one with a physical device.
 */
export function findNamespaceOwner(): "host" | "pod" {
  const own = readlinkSync("/proc/self/ns/net");
  if (readlinkSync("/proc/self/ns/pid") !== FIRST_PID_NAMESPACE) return hasPhysicalDevice() ? "host" : "pod";
  return own === (tryReadlink("/proc/1/ns/net") ?? FIRST_NET_NAMESPACE) ? "host" : "pod";
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
