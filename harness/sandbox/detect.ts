import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LandfallError } from "../errors.ts";
import type { BackendName } from "../model/report.ts";
import { connectEngine, whyNoEngine } from "./docker-engine.ts";

/** What is to be said of one backend on this machine. `why` and `remedy` are whole sentences, null where it works. */
export interface BackendState {
  readonly backend: BackendName;
  readonly works: boolean;
  readonly why: string | null;
  readonly remedy: string | null;
}

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;

/**
 * Looks which backends work here. `docker` and `netns` are tried, not guessed at: an engine is asked, and rules are listed in a network
 * namespace that ends with the look.
 */
export async function detectBackends(): Promise<readonly BackendState[]> {
  return Promise.all([detectDocker(), detectNetns(), works("simulated")]);
}

/**
 * Gives the backend that `--sandbox auto` stands for: docker if an engine answers, else netns.
 * Throws `environment` with both reasons and remedies where neither works.
 */
export async function chooseBackend(): Promise<"docker" | "netns"> {
  const docker = await detectDocker();
  if (docker.works) return "docker";
  const netns = await detectNetns();
  if (netns.works) return "netns";
  const reasons = [docker, netns].map(({ backend, why, remedy }) => `\n  ${backend}: ${why} ${remedy}`);
  throw new LandfallError("environment", `no backend works here that has a kernel.${reasons.join("")}`);
}

/** Says whether containers work: whether an engine answers. */
export async function detectDocker(): Promise<BackendState> {
  const why = await whyNoEngine(connectEngine());
  if (why === null) return works("docker");
  const where = process.env["DOCKER_HOST"] ?? "the default socket";
  return fails("docker", `No container engine answers at ${where} (${why}).`, engineRemedy(why));
}

function engineRemedy(why: string): string {
  if (why.includes("EACCES"))
    return "Run as root, or let your user use the engine: sudo usermod -aG docker $USER, then log in again.";
  if (process.env["DOCKER_HOST"]) return "Start that engine, or unset DOCKER_HOST.";
  return "Start one: sudo systemctl start docker. Where none is installed: sudo npm run setup.";
}

/** Says whether network namespaces with rules in them work, as root or as an ordinary user. */
export async function detectNetns(): Promise<BackendState> {
  if (process.platform !== "linux")
    return fails("netns", `This is ${process.platform}; network namespaces are Linux's.`, "Use a Linux machine.");
  const asRoot = process.getuid?.() === 0;
  const scope = asRoot ? ["--net"] : ["--map-auto", "--map-root-user", "--user", "--mount", "--net"];
  const probe = "ip link set lo up && XTABLES_LOCKFILE=/dev/null iptables -w -t nat -S && command -v ip6tables-restore";
  try {
    await run("unshare", [...scope, "--", "sh", "-c", probe], { timeout: PROBE_TIMEOUT_MS });
    return works("netns");
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
    return fails("netns", `A network namespace with rules in it cannot be had: ${firstLine(said)}.`, netnsRemedy(said));
  }
}

function netnsRemedy(said: string): string {
  if (/not found|No such file|ENOENT/.test(said))
    return "Install the tools: sudo apt-get install iptables iproute2 uidmap.";
  if (/newuidmap|map-auto|subuid|uid_map/.test(said))
    return "Install newuidmap and give your user ids: sudo apt-get install uidmap; sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER.";
  if (/not permitted|denied/i.test(said))
    return "Run as root, or allow user namespaces: sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0.";
  return "Run as root on a kernel with nf_tables or ip_tables: sudo modprobe nf_tables nf_nat nf_conntrack.";
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/\.$/, "");
}

function works(backend: BackendName): BackendState {
  return { backend, works: true, why: null, remedy: null };
}

function fails(backend: BackendName, why: string, remedy: string): BackendState {
  return { backend, works: false, why, remedy };
}
