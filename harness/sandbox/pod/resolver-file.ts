import { LandfallError } from "../../errors.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { Station } from "../station.ts";

const TIMEOUT_MS = 10_000;

/**
 * Where a network namespace has no file system of its own, its agent lays a file over /etc/resolv.conf, in the agent's own mount namespace
 * alone: on its own /run, which nobody else sees. A name that leads to the machine's /run leads nowhere there, so that the file is made.
 */
const LAY_OVER = `
set -e
own=/run/landfall-resolv.conf
cat >$own
file=$(readlink -m /etc/resolv.conf)
case $file in
  /run/* | /var/run/*) mkdir -p "$(dirname "$file")" && cp $own "$file" ;;
  *) if [ -e "$file" ] && ! grep -q " $file " /proc/self/mountinfo; then mount --bind $own "$file"; fi ;;
esac
`;
/** A container's is its own (Docker lays a file over it), and containers that share its network share it. */
const WRITE =
  "[ -e /run/landfall-resolv.conf ] || cp /etc/resolv.conf /run/landfall-resolv.conf; cat >/etc/resolv.conf";
const RESTORE = "[ ! -e /run/landfall-resolv.conf ] || cat /run/landfall-resolv.conf >/etc/resolv.conf";

type Resolving = Pick<PodShape, "resolvers">;

/**
 * Gives the pod the resolver file that its shape says: whatever runs in it, a script that makes rules for one, is told the same servers as
 * the contract and the simulator. `present`: the shape that it has the file of. `files`: whether the pod has a file system of its own.
 * Without servers the file stays as it is. Throws `environment` where it cannot be written.
 *
 * @example
 * await bringResolverFile(pod, "shared", BARE_SHAPE, { resolvers: ["10.96.0.10"] })   // nameserver 10.96.0.10
 */
export async function bringResolverFile(
  { agent }: Station,
  files: "own" | "shared",
  { resolvers: present }: Resolving,
  { resolvers }: Resolving,
): Promise<void> {
  if (resolvers.length === 0 || resolvers.join() === present.join()) return;
  const stdin = resolvers.map((address) => `nameserver ${address}\n`).join("");
  await write(agent, files === "own" ? WRITE : LAY_OVER, stdin);
}

/** Gives the pod the resolver file back that it had at first. Throws `environment` where it cannot be written. */
export async function restoreResolverFile({ agent }: Station, files: "own" | "shared"): Promise<void> {
  if (files === "own") await write(agent, RESTORE, "");
}

async function write(agent: Station["agent"], words: string, stdin: string): Promise<void> {
  const command = ["sh", "-c", words];
  const run = { namespace: null, command, environment: {}, stdin, timeoutMs: TIMEOUT_MS };
  const { status, stderr } = await agent.call("run", run);
  if (status === 0) return;
  throw new LandfallError("environment", `the pod's /etc/resolv.conf cannot be written: ${stderr.trim()}`);
}
