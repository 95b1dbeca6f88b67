import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { findProgram } from "../../harness/setup/debian.mjs";

/**
 * `node test/fresh-machine/main.ts [COMMAND…]`: runs the README's two commands, or other shell commands, in a clean clone of the last
 * commit on a machine on which nothing was installed by hand: a container of the base image, which is debootstrap's minimal Debian, with
 * the Node and npm that this machine has outside of the checkout. It has namespaces and a container engine of its own. Ends with the exit
 * code of the first command that fails. It takes as long as the commands; nothing of it is left.
 *
 * A container is no host: in `npm test`, the three tests that landfall refuses the host's own network namespace fail there, and no others
 * may.
 */
const ROOT = resolve(import.meta.dirname, "../..");
const IMAGE = "debian:bookworm-slim";
/** Rights that a machine's root has and a container's has not; an engine refuses `--privileged` where it lacks one right itself. */
const RIGHTS = ["NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_NICE", "DAC_READ_SEARCH", "IPC_LOCK"].concat(
  ["LINUX_IMMUTABLE", "NET_BROADCAST", "AUDIT_CONTROL", "SYSLOG", "MAC_ADMIN", "MAC_OVERRIDE", "SYS_BOOT", "SYS_TIME"],
  ["IPC_OWNER", "LEASE", "SYS_RAWIO", "SYS_PACCT", "SYS_TTY_CONFIG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ"],
);
/** What lets npm and pip through a proxy with a certificate of its own, where this machine stands behind one. */
const CERTIFICATES = ["NODE_EXTRA_CA_CERTS", "PIP_CERT"];
/** Unlike `sleep`, a shell takes note of the processes that end without a parent. */
const FIRST_PROCESS = "while :; do sleep 1000; done";
/** The engine's control groups must be its own to write. */
const OPEN_CONTROL_GROUPS = `for each in $(grep -o '/sys/fs/cgroup[^ ]*' /proc/mounts); do mount -o remount,bind,rw "$each"; done`;

const commands = process.argv.length > 2 ? process.argv.slice(2) : ["npm start", "npm test"];
const container = startMachine();
try {
  for (const command of commands) {
    process.stdout.write(`\n# ${command}\n`);
    const began = performance.now();
    process.exitCode = runIn(`cd /root/landfall && ${command}`);
    process.stdout.write(
      `# ${command}: exit code ${process.exitCode}, ${((performance.now() - began) / 1000).toFixed(0)} s\n`,
    );
    if (process.exitCode !== 0) break;
  }
} finally {
  docker("rm", "--force", "--volumes", container);
}

function startMachine(): string {
  const certificates = CERTIFICATES.flatMap((name) => {
    const file = process.env[name];
    // Not to where it is here: the machine's own packages must be free to write there.
    const there = `/run/certificates/${name}.crt`;
    return file ? [`--env=${name}=${there}`, `--volume=${file}:${there}:ro`] : [];
  });
  const rights = RIGHTS.flatMap((right) => ["--cap-add", right]);
  const unconfined = ["seccomp", "apparmor", "systempaths"].flatMap((each) => ["--security-opt", `${each}=unconfined`]);
  const words = ["run", "--detach", ...rights, ...unconfined, ...certificates];
  const id = docker(...words, "--volume", "/var/lib/docker", IMAGE, "bash", "-c", FIRST_PROCESS).trim();
  copyIn(id, "/", listNodeFiles());
  const clone = mkdtempSync(join(tmpdir(), "landfall-fresh-"));
  execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${ROOT}`, join(clone, "landfall")]);
  copyIn(id, clone, ["landfall"], "/root");
  rmSync(clone, { recursive: true });
  docker("exec", id, "sh", "-ec", OPEN_CONTROL_GROUPS);
  return id;
}

/** Gives the files of the Node that stands outside of the checkout, without the leading slash. */
function listNodeFiles(): readonly string[] {
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  const node = findProgram("node", path.join(":"));
  const npm = findProgram("npm", path.join(":"));
  if (node === null || npm === null) throw new Error("There is no node and npm in the PATH outside of node_modules.");
  const links = [node, npm, join(dirname(npm), "npx")].filter((file) => existsSync(file));
  const folder = dirname(dirname(realpathSync(npm)));
  return [...new Set([...links, realpathSync(node), folder])].map((file) => file.slice(1));
}

function copyIn(id: string, from: string, files: readonly string[], to = "/"): void {
  const packed = execFileSync("tar", ["-C", from, "-cf", "-", ...files], { maxBuffer: 2 ** 30 });
  execFileSync("docker", ["exec", "--interactive", id, "tar", "-C", to, "-xf", "-"], { input: packed });
}

function runIn(script: string): number {
  return (
    spawnSync("docker", ["exec", container, "bash", "-c", script], { stdio: ["ignore", "inherit", "inherit"] })
      .status ?? 1
  );
}

function docker(...words: readonly string[]): string {
  return execFileSync("docker", words, { encoding: "utf8" });
}
