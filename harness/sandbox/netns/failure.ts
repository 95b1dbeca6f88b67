/** What decides whether namespaces can be had: who asks, and the kernel's settings; null where the kernel has no such setting. */
export interface NamespaceSettings {
  readonly uid: number;
  /** `user.max_user_namespaces`: 0 forbids them. */
  readonly maxUserNamespaces: number | null;
  /** `kernel.unprivileged_userns_clone` (Debian's kernels): 0 forbids them to all but root. */
  readonly unprivilegedUsernsClone: number | null;
  /** `kernel.apparmor_restrict_unprivileged_userns` (Ubuntu 23.10 and later): 1 takes all rights from them. */
  readonly apparmorRestrict: number | null;
}

/** Why network namespaces cannot be had and what to do about it, as whole sentences. */
export interface NetnsFailure {
  readonly why: string;
  readonly remedy: string;
}

type Reason = (said: string, settings: NamespaceSettings) => NetnsFailure | null;

const INSTALL = "Install the tools: sudo apt-get install iptables nftables iproute2 util-linux uidmap.";
const OR_ROOT = "or run as root.";

/** What Node says of a program that it does not find in the PATH is said as a person would. */
function describeMissing(line: string): string {
  const [, program] = /^spawn (\S+) ENOENT$/.exec(line) ?? [];
  return program === undefined
    ? `A tool is missing: ${line}.`
    : `The tool ${program} is not installed, or not in the PATH.`;
}

/** The first that applies is told: settings before symptoms, since one setting shows in many ways. */
const REASONS: readonly Reason[] = [
  (said) =>
    /newuidmap|newgidmap/.test(said) && /No such file|not found|failed to execute/.test(said)
      ? { why: "newuidmap, which gives an ordinary user more than one uid, is not installed.", remedy: INSTALL }
      : null,
  (said) =>
    /ENOENT|not found|No such file or directory/.test(said) && !/sub[ug]id/.test(said)
      ? { why: describeMissing(firstLine(said)), remedy: INSTALL }
      : null,
  (_, { uid, maxUserNamespaces }) =>
    uid !== 0 && maxUserNamespaces === 0
      ? {
          why: "The kernel allows no user namespaces (user.max_user_namespaces is 0).",
          remedy: `Allow them: sudo sysctl user.max_user_namespaces=10000, ${OR_ROOT}`,
        }
      : null,
  (_, { uid, unprivilegedUsernsClone }) =>
    uid !== 0 && unprivilegedUsernsClone === 0
      ? {
          why: "The kernel allows user namespaces for root only (kernel.unprivileged_userns_clone is 0).",
          remedy: `Allow them: sudo sysctl kernel.unprivileged_userns_clone=1, ${OR_ROOT}`,
        }
      : null,
  (said, { uid, apparmorRestrict }) =>
    uid !== 0 && apparmorRestrict === 1 && /not permitted|denied/i.test(said)
      ? {
          why: "AppArmor removes all capabilities in user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1).",
          remedy: `Allow them: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, ${OR_ROOT}`,
        }
      : null,
  (said) =>
    /sub[ug]id|newuidmap|newgidmap|uid_map|gid_map/.test(said)
      ? {
          why: `Your user may not map further uids and gids (${firstLine(said)}).`,
          remedy: `Give it some: sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER", ${OR_ROOT}`,
        }
      : null,
  (said, { uid }) =>
    uid === 0 && /not permitted|denied/i.test(said)
      ? {
          why: `Root may not create namespaces here (${firstLine(said)}), which is usual in a container.`,
          remedy: "Give the container CAP_SYS_ADMIN and CAP_NET_ADMIN, or run outside it.",
        }
      : null,
  (said) =>
    /No space left/.test(said)
      ? {
          why: "The kernel's limit of namespaces is reached (user.max_net_namespaces or user.max_mnt_namespaces).",
          remedy: "Raise it: sudo sysctl user.max_net_namespaces=10000 user.max_mnt_namespaces=10000.",
        }
      : null,
];

/** Gives why namespaces with rules in them cannot be had, from what the tools said and the settings in force. */
export function explainNetnsFailure(said: string, settings: NamespaceSettings): NetnsFailure {
  for (const reason of REASONS) {
    const failure = reason(said, settings);
    if (failure) return failure;
  }
  return {
    why: `A network namespace with rules cannot be created: ${firstLine(said)}.`,
    remedy:
      "Use a kernel with nf_tables or ip_tables: sudo modprobe nf_tables nf_nat nf_conntrack nf_conntrack_netlink.",
  };
}

function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").replace(/\.$/, "") || "no message";
}
