import { readFileSync } from "node:fs";
import type { NamespaceSettings } from "./netns-failure.ts";

/** What is unshared: rules, links and the lock file of iptables belong to the agent alone, and the kernel removes them with it. */
const AS_ROOT = ["--mount", "--net"];
/** Without root a user namespace gives the rights; `--map-auto` maps the ids of /etc/subuid into it, by newuidmap. */
const AS_USER = ["--user", "--map-root-user", "--map-auto", "--mount", "--net"];

/** Gives the options of unshare(1) with which a user of this id gets namespaces. */
export function unshareOptions(uid: number): readonly string[] {
  return uid === 0 ? AS_ROOT : AS_USER;
}

/** Reads the settings that decide about namespaces. */
export function readNamespaceSettings(): NamespaceSettings {
  return {
    uid: process.geteuid?.() ?? 0,
    maxUserNamespaces: readSetting("user/max_user_namespaces"),
    unprivilegedUsernsClone: readSetting("kernel/unprivileged_userns_clone"),
    apparmorRestrict: readSetting("kernel/apparmor_restrict_unprivileged_userns"),
  };
}

function readSetting(name: string): number | null {
  try {
    return Number(readFileSync(`/proc/sys/${name}`, "utf8"));
  } catch {
    return null;
  }
}
