import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describeFailure } from "../../errors.ts";
import type { BackendState } from "../../model/backends.ts";
import { explainNetnsFailure } from "./failure.ts";
import { readNamespaceSettings, renderNamespaceCommand } from "./namespace-settings.ts";

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;

/** A rule of each family with a redirect and an owner in it, in namespaces that end with the look. */
const PROBE = `mount -t tmpfs none /run && ip link set lo up && for tool in iptables ip6tables; do
printf '*nat\\n-A OUTPUT -p tcp -m owner ! --uid-owner 1 -j REDIRECT --to-ports 9\\nCOMMIT\\n' | $tool-restore -w || exit
done`;

/** Says whether network namespaces with rules in them work here, as root or as an ordinary user: it tries. */
export async function detectNetns(): Promise<BackendState> {
  if (process.platform !== "linux") {
    const why = `This is ${process.platform}; network namespaces are Linux's.`;
    return { backend: "netns", works: false, why, remedy: "Use a Linux machine." };
  }
  const settings = readNamespaceSettings();
  try {
    const [command, ...args] = renderNamespaceCommand(settings.uid, ["sh", "-c", PROBE]);
    await run(command, args, { timeout: PROBE_TIMEOUT_MS });
    return { backend: "netns", works: true, why: null, remedy: null };
  } catch (error) {
    return { backend: "netns", works: false, ...explainNetnsFailure(describeFailure(error), settings) };
  }
}
