import { LandfallError } from "../../errors.ts";
import { APP_PORTS, DEFAULT_ADDRESSES, type HostName, type PodSpec, type SandboxAddresses } from "../../model/pod.ts";
import { BARE_SHAPE } from "../../model/pod-shape.ts";
import { listenersOf } from "../agents/listeners.ts";
import { makeScriptEnvironment, readScriptCommand, runScript } from "../pod/script.ts";
import { STATION_NAMES, type StationName, type Stations } from "../station.ts";
import type { World } from "../world.ts";
import { detectNetns } from "./detection.ts";
import { type LaunchedAgent, launchAgent } from "./launch.ts";
import { planLeaf, planPodInterfaces, planUpstream, planVm } from "./topology.ts";

/** What every pod has, whatever its mesh. */
const USUAL_SPEC: PodSpec = {
  shape: BARE_SHAPE,
  listen: APP_PORTS,
  upstreamPorts: [],
  clientPorts: [],
  upstreamAddresses: [],
};

/**
 * A pod and its peers as network namespaces of one agent process: `client` and `pod` hang on `upstream`, which is everybody's next hop
 * and passes on what goes from one to the other. The kernel removes all of it when that process ends, however it ends.
 */
export class NetnsWorld implements World {
  readonly backend = "netns";
  readonly files = "shared";
  readonly addresses: SandboxAddresses;
  readonly runCapture = null;
  readonly leave = null;
  readonly envoyProgram: string | null;
  readonly #launched: LaunchedAgent;
  readonly #paths: Readonly<Record<string, string>>;
  #interfaces: readonly string[] = [];

  constructor(
    launched: LaunchedAgent,
    paths: Readonly<Record<string, string>>,
    envoyProgram: string | null,
    addresses: SandboxAddresses,
  ) {
    this.addresses = addresses;
    this.envoyProgram = envoyProgram;
    this.#launched = launched;
    this.#paths = paths;
  }

  get stations(): Stations {
    const { agent } = this.#launched;
    const names = STATION_NAMES.filter((name) => name !== "vm" || this.#interfaces.length > 0);
    return new Map(names.map((name) => [name, { agent, namespace: namespaceOf(name) }]));
  }

  async linkInterfaces(wanted: readonly string[]): Promise<void> {
    if (wanted.join() === this.#interfaces.join()) return;
    const { agent } = this.#launched;
    const unlink = this.#interfaces.map((name) => `link delete ${name}`);
    await agent.call("configure", { namespace: "pod", sysctls: {}, ip: unlink });
    this.#interfaces = [];
    if (wanted.length === 0) return;
    const { paths } = await agent.call("open-namespaces", { names: ["vm"] });
    await agent.call("configure", planPodInterfaces(wanted, this.addresses, paths["vm"] ?? ""));
    await agent.call("configure", planVm(this.addresses));
    this.#interfaces = wanted;
  }

  async runScript(path: string, timeoutMs?: number): Promise<void> {
    const command = readScriptCommand(path);
    const { agent } = this.#launched;
    const environment = makeScriptEnvironment(process.env);
    const run = (timeoutMs: number) => agent.call("run-script", { namespace: "pod", command, environment, timeoutMs });
    await runScript(path, run, timeoutMs);
  }

  shellHint(): string {
    const { pid } = this.#launched;
    const user = process.geteuid?.() === 0 ? "" : " --user --preserve-credentials";
    return `nsenter --target ${pid}${user} --mount --net=${this.#paths["pod"]}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#launched.stop();
  }
}

/**
 * Starts a world of network namespaces, as root or, where the system allows it, without.
 * `envoyProgram` is the path of the real Envoy that is to stand in the stub's place, null for the stub; `addresses` are the hosts'.
 * Throws `environment` with the setting or the tool that is missing.
 */
export async function startNetnsWorld(
  envoyProgram: string | null = null,
  addresses: SandboxAddresses = DEFAULT_ADDRESSES,
): Promise<NetnsWorld> {
  let launched: LaunchedAgent | null = null;
  try {
    launched = await launchAgent();
    const { paths } = await launched.agent.call("open-namespaces", { names: ["pod", "client", "upstream"] });
    if (envoyProgram === null) openUsualListeners(launched, addresses);
    await configureHosts(launched, addresses, paths["upstream"] ?? "");
    return new NetnsWorld(launched, paths, envoyProgram, addresses);
  } catch (error) {
    await launched?.stop();
    const { works, why, remedy } = await detectNetns();
    throw works ? error : new LandfallError("environment", `${why} ${remedy}`, { cause: error });
  }
}

/** Upstream comes last: its links are the other ends of the leaves'. */
async function configureHosts(
  { agent }: LaunchedAgent,
  addresses: SandboxAddresses,
  upstreamPath: string,
): Promise<void> {
  const leaves = (["pod", "client"] as const).map((host) => planLeaf(host, addresses, upstreamPath));
  await Promise.all(leaves.map((plan) => agent.call("configure", plan)));
  await agent.call("configure", planUpstream(addresses));
}

/**
 * Their threads take as long to start as the links; what a scenario wants beside or instead, `enter` opens. A failure shows there again.
 */
function openUsualListeners({ agent }: LaunchedAgent, addresses: SandboxAddresses): void {
  const listeners = [...listenersOf(USUAL_SPEC, addresses)].flatMap(([station, specs]) =>
    specs.map((spec) => ({ ...spec, namespace: namespaceOf(station) })),
  );
  agent.call("listen", { listeners }).catch(() => {});
}

function namespaceOf(station: StationName): HostName {
  return station === "app" || station === "proxy" ? "pod" : station;
}
