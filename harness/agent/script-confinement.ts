/**
 * Capabilities that a rules script keeps: what rules, routes and ordinary work with files need. Left out are CAP_SYS_ADMIN, without which
 * `setns(2)`, `mount(2)` and `unshare(2)` refuse, CAP_SYS_PTRACE, which looking into other processes takes, CAP_SYS_MODULE and CAP_MKNOD.
 */
const KEPT_CAPABILITIES = [
  ...["chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap"],
  ...["net_bind_service", "net_admin", "net_raw", "audit_write"],
];

/** Harmless devices; the machine's disks are not among them. */
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"];

/**
 * Prepares the surroundings of a script: a shell text for the first process of new mount and pid namespaces.
 *
 * - every mount is read-only but /run, which is the sandbox agent's own already, and /tmp, whose changes go to memory and are lost;
 * - /dev has the harmless devices only;
 * - /proc shows the script's own processes only, and of /proc/sys nothing but net can be written.
 *
 * The kernel may refuse one of these mounts, for example /proc in a user namespace within a container. Then that part stays as it was; the
 * capabilities are missing all the same.
 */
const PREPARE = `
quietly() { "$@" 2>/dev/null; }
readonly_except() {
  while read -r _ _ _ _ point options _; do
    case $point in *\\\\*) point=$(printf '%b' "$(printf %s "$point" | sed 's/\\\\\\([0-7]\\)/\\\\0\\1/g')") ;; esac
    case $point in /run | /run/* | /tmp | /dev | /dev/* | /proc | /proc/*) continue ;; esac
    kept=
    for option in nosuid nodev noexec noatime nodiratime relatime; do
      case ,$options, in *,$option,*) kept=$kept,$option ;; esac
    done
    quietly mount -o "remount,bind,ro$kept" "$point"
  done
}
mounts=$(cat /proc/self/mountinfo)
own=/run/landfall-script
if quietly mkdir -p $own && quietly mount -t tmpfs none $own && mkdir $own/upper $own/work $own/dev; then
  chmod 1777 $own/upper
  for device in ${DEVICES.join(" ")}; do
    [ -e /dev/$device ] && : >$own/dev/$device && quietly mount --bind /dev/$device $own/dev/$device
  done
  ln -s /proc/self/fd $own/dev/fd
  for stream in 0:stdin 1:stdout 2:stderr; do ln -s /proc/self/fd/\${stream%:*} $own/dev/\${stream#*:}; done
  quietly mount --rbind $own/dev /dev
  quietly mount -t overlay -o lowerdir=/tmp,upperdir=$own/upper,workdir=$own/work none /tmp ||
    quietly mount -o remount,bind,ro /tmp
fi
readonly_except <<MOUNTS
$mounts
MOUNTS
if quietly mount -t proc -o nosuid,nodev,noexec proc /proc; then
  quietly mount --bind /proc/sys /proc/sys && quietly mount --bind /proc/sys/net /proc/sys/net
  quietly mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys
  for file in /proc/sysrq-trigger /proc/irq /proc/bus /proc/fs; do
    quietly mount --bind $file $file && quietly mount -o remount,bind,ro,nosuid,nodev,noexec $file
  done
fi
cd "$PWD" 2>/dev/null || cd /
unset OLDPWD
`;

/** Runs the script, says its status on descriptor 3, and holds the pid namespace open until stdin ends. */
const RUN_AND_HOLD = `
setpriv --bounding-set=-all,${KEPT_CAPABILITIES.map((name) => `+${name}`).join()} --inh-caps=-all -- "$@" </dev/null 3>&-
status=$?
echo $status >&3
exec 3>&- >/dev/null 2>&1
while read -r _; do :; done
`;

/**
 * Gives the words that run a command confined: read-only files, a /proc of its own, few capabilities. The caller gives the process a pipe
 * as descriptor 3, on which the command's status comes in decimal as soon as the command itself has ended. What the command has left
 * running lives on until the process's stdin ends, or until it is killed.
 */
export function confineCommand(command: readonly string[]): readonly string[] {
  const namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"];
  return [...namespaces, "sh", "-c", PREPARE + RUN_AND_HOLD, "landfall", ...command];
}
