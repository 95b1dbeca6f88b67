import { readFileSync } from "node:fs";
import type { NamespaceSettings } from "./failure.ts";

/**
 * What is unshared: rules, links and the lock file of iptables belong to the program alone, and the kernel removes them with it. It is
 * the first process of its pid namespace, so that whatever it has started ends with it; and it is killed when whoever starts it dies.
 */
const SCOPE = [
  "setpriv",
  "--pdeathsig",
  "KILL",
  "--",
  "unshare",
  "--mount",
  "--net",
  "--pid",
  "--fork",
  "--kill-child",
];
/**
 * Without root a user namespace gives the rights; `--map-auto` maps the ids of /etc/subuid into it, by newuidmap. It comes first: the
 * kernel forgets the death signal of a process that gains rights (man 2 prctl, PR_SET_PDEATHSIG).
 */
const USER_SCOPE = ["unshare", "--user", "--map-root-user", "--map-auto", "--"];

/** Gives the words by which a user of this id runs a program in namespaces of its own. */
export function renderNamespaceCommand(uid: number, program: readonly string[]): readonly [string, ...string[]] {
  const [command = "", ...args] = [...(uid === 0 ? [] : USER_SCOPE), ...SCOPE, "--", ...program];
  return [command, ...args];
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
