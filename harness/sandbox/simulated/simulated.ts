import { LandfallError } from "../../errors.ts";
import { makeBlind } from "../../model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec, type SandboxAddresses } from "../../model/pod.ts";
import type { SandboxReport } from "../../model/report.ts";
import { NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { compilePod, type Simulator } from "../../netfilter/simulator.ts";
import type {
  CountedDrive,
  CountedRules,
  FlowRequest,
  Installation,
  Observation,
  PodEvidence,
  Sandbox,
} from "../sandbox.ts";
import { Tally } from "./tally.ts";

/**
 * A sandbox without a kernel: every landing is the simulator's. It needs no rights and no tools, and runs anywhere. Scripts cannot be run
 * in it (`environment`); a flow whose landing depends on something the simulator does not know is `could-not-look`.
 */
export class SimulatedSandbox implements Sandbox {
  readonly backend = "simulated";
  readonly addresses: SandboxAddresses;
  #spec: PodSpec | null = null;
  #rules = NO_RULES;
  #simulator: Simulator | null = null;
  #tally = new Tally();

  constructor(addresses: SandboxAddresses = DEFAULT_ADDRESSES) {
    this.addresses = addresses;
  }

  async describe(): Promise<SandboxReport> {
    return { backend: this.backend, envoy: "stub", iptables: null, kernel: null };
  }

  async enter(spec: PodSpec): Promise<void> {
    this.#spec = spec;
    this.#simulator = null;
  }

  async install(installation: Installation): Promise<void> {
    if (installation.kind === "script") {
      const message = `cannot run ${installation.path}: the simulated sandbox has no kernel; use --sandbox netns or docker.`;
      throw new LandfallError("environment", message);
    }
    this.#put(installation.rules);
  }

  /** No kernel is there that could have other rules. */
  async checkReading(): Promise<readonly string[]> {
    return [];
  }

  async clear(): Promise<void> {
    this.#put(NO_RULES);
  }

  async counters(): Promise<CountedRules> {
    const { ip, ip6 } = this.#rules;
    return { ip: ip && this.#tally.count(ip), ip6: ip6 && this.#tally.count(ip6) };
  }

  async driveOneByOne(requests: readonly FlowRequest[]): Promise<readonly CountedDrive[]> {
    const drives: CountedDrive[] = [];
    for (const request of requests) drives.push(await this.#driveAlone(request));
    return drives;
  }

  async #driveAlone(request: FlowRequest): Promise<CountedDrive> {
    const before = this.#tally;
    this.#tally = new Tally();
    try {
      const start = performance.now();
      const landing = this.#land(request);
      return { observation: { landing, durationMs: performance.now() - start }, counted: await this.counters() };
    } finally {
      this.#tally = before;
    }
  }

  async gatherEvidence(): Promise<PodEvidence> {
    return {};
  }

  async drive(requests: readonly FlowRequest[]): Promise<readonly Observation[]> {
    return requests.map((request) => {
      const start = performance.now();
      const landing = this.#land(request);
      return { landing, durationMs: performance.now() - start };
    });
  }

  allowReuse(): void {}

  shellHint(): null {
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
  }

  #put(rules: PodRules): void {
    this.#rules = rules;
    this.#simulator = null;
    this.#tally = new Tally();
  }

  #land({ flow, manner }: FlowRequest) {
    if (this.#spec === null) return makeBlind("no-sandbox", "the sandbox has no pod yet; call enter first");
    this.#simulator ??= compilePod(this.#rules, this.#spec, this.addresses);
    const { landing, connections } = this.#simulator.explain(flow, manner, () => "");
    for (const { packets } of connections) for (const packet of packets) this.#tally.add(packet);
    return landing;
  }
}
