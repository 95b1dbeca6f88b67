// Long because every way to put rules into the pod, and to see where flows land, needs the same stations.
import type { DialResult, IptablesVariant, ListenerSpec, RoutingText, Seen } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { makeBlind } from "../../model/landing.ts";
import { type PodSpec, vmLinks } from "../../model/pod.ts";
import { BARE_SHAPE, type PodShape } from "../../model/pod-shape.ts";
import { nameRemote } from "../../model/remote-listener.ts";
import type { SandboxReport } from "../../model/report.ts";
import { NO_RULES, type PodRules } from "../../model/ruleset.ts";
import { describeDriven, driveBesideEnvoy } from "../envoy/driving.ts";
import { RealEnvoy } from "../envoy/real-envoy.ts";
import { checkReading } from "../pod/check-reading.ts";
import { driveCounted } from "../pod/counted-drive.ts";
import { gatherEvidence } from "../pod/pod-evidence.ts";
import { bringResolverFile, restoreResolverFile } from "../pod/resolver-file.ts";
import { planLocalRoutes, renderRoutingText } from "../pod/routing-text.ts";
import { readCounted, renderRules } from "../pod/rules-by-tool.ts";
import type { CountedRules, FlowRequest, Installation, Observation, PodEvidence, Sandbox } from "../sandbox.ts";
import { type Station, type StationName, stationOf } from "../station.ts";
import type { World } from "../world.ts";
import { type AgentClient, syncAgents } from "./agent-client.ts";
import { confirmLanding, isConfirmed } from "./confirm.ts";
import { makeBlindResult, type PlannedDial } from "./dial-batches.ts";
import { CONNECT_TIMEOUT_MS, planDial } from "./dial-plan.ts";
import { type DialRound, driveRounds, forgetTracked, inPortions, planRounds } from "./dial-rounds.ts";
import { bringListeners, isEnvoys, listenersOf } from "./listeners.ts";

/** A sandbox on a real kernel: drives the agents of a world. The world ends with it. `agent-failed` where a host is missing. */
export class AgentSandbox implements Sandbox {
  readonly backend: World["backend"];
  readonly addresses: World["addresses"];
  readonly #world: World;
  #shape: PodShape = BARE_SHAPE;
  readonly #variant: IptablesVariant;
  readonly #envoy: RealEnvoy | null;
  #upstreamAddresses: readonly string[] = [];
  /** Policy routing put in by others than the resident agent, which its `clear` cannot know; null while there are no such rules. */
  #foreignRouting: RoutingText | null = null;
  /** `refused` once a script has run in it: nobody knows all that it may have changed. */
  #reuse: "not-asked" | "allowed" | "refused" = "not-asked";
  #end: Promise<void> | null = null;
  /** The rules that were put in as rule sets; null where a script put them in. */
  #written: PodRules | null = null;

  /** `variant` is the kernel interface that rules given as rule sets go through. */
  constructor(world: World, variant: IptablesVariant = "default") {
    const { envoyProgram: program, addresses, backend } = world;
    this.backend = backend;
    this.addresses = addresses;
    this.#world = world;
    this.#variant = variant;
    this.#envoy =
      program === null ? null : new RealEnvoy(program, this.#station("proxy"), addresses, CONNECT_TIMEOUT_MS);
  }

  async describe(): Promise<SandboxReport> {
    const { kernel, iptables } = await this.#station("pod").agent.call("hello", { variant: this.#variant });
    return { backend: this.backend, envoy: this.#envoy ? "real" : "stub", iptables, kernel };
  }

  async enter(spec: PodSpec): Promise<void> {
    for (const agent of this.#agents()) agent.forgetJournal();
    await bringResolverFile(this.#station("pod"), this.#world.files, this.#shape, spec.shape);
    this.#shape = spec.shape;
    await this.#world.linkInterfaces(vmLinks(spec));
    // One after the other: a command that is just being started still holds the listeners of its parent, so that none can be replaced.
    await this.#own(spec.upstreamAddresses);
    await this.#envoy?.makeRoom(spec);
    await this.#listen(spec);
    await this.#envoy?.start(spec);
  }

  async install(installation: Installation): Promise<void> {
    this.#written = installation.kind === "script" ? null : installation.rules;
    const isOurs = installation.kind === "rules" || (installation.kind === "capture" && !this.#world.runCapture);
    if (isOurs) return this.#apply(installation.rules);
    await this.clear();
    const rules = installation.kind === "capture" ? installation.rules : NO_RULES;
    this.#foreignRouting = renderRoutingText(rules.policyRouting);
    try {
      if (installation.kind === "script") await this.#runScript(installation.path);
      else await this.#world.runCapture?.(installation.flags, installation.environment);
    } catch (error) {
      // Whatever it has put in before it failed goes; where the agent itself is gone, the first error says so.
      await this.clear().catch(() => null);
      throw error;
    }
  }

  async checkReading(given: readonly GivenRules[]): Promise<readonly string[]> {
    const { files } = this.#world;
    const told: (string | null)[] = [];
    for (const one of given)
      told.push(await checkReading(one, this.#station("pod"), { variant: this.#variant, files }));
    return told.filter((sentence) => sentence !== null);
  }

  async #runScript(path: string): Promise<void> {
    const { agent, namespace } = this.#station("pod");
    this.#reuse = "refused";
    await agent.call("remember", { namespace });
    await this.#world.runScript(path);
    await agent.call("refuse-other-routes", { namespace });
  }

  async clear(): Promise<void> {
    const { agent, namespace } = this.#station("pod");
    await agent.call("clear", { namespace, variant: this.#variant, policyRouting: this.#foreignRouting });
    this.#foreignRouting = null;
  }

  async counters(): Promise<CountedRules> {
    const { agent, namespace } = this.#station("pod");
    const others = this.#foreignRouting === null ? "nobody-else" : "somebody-else";
    const texts = await agent.call("counters", { namespace, variant: this.#variant, others });
    return { ip: readCounted(texts, 4, this.#written), ip6: readCounted(texts, 6, this.#written) };
  }

  driveOneByOne(requests: readonly FlowRequest[]) {
    return driveCounted(this, this.#station("pod"), requests);
  }

  gatherEvidence(): Promise<PodEvidence> {
    return gatherEvidence(this.#station("pod"), this.#agents());
  }

  async drive(requests: readonly FlowRequest[], options: { readonly inFlight?: number } = {}) {
    const envoy = this.#envoy;
    if (!envoy) return this.#driveTogether(requests, options.inFlight ?? 1);
    return driveBesideEnvoy(requests, (some, way) =>
      way === "alone" ? this.#driveTogether(some, 1, envoy) : this.#driveTogether(some, requests.length),
    );
  }

  async #driveTogether(requests: readonly FlowRequest[], inFlight: number, envoy: RealEnvoy | null = null) {
    const dials = requests.map((request) => planDial(request, this.#station(stationOf(request.flow)), this.addresses));
    const observed: (readonly [string, Observation])[] = [];
    for (const rounds of inPortions(planRounds(dials, inFlight)))
      observed.push(...(await this.#driveRounds(rounds, inFlight, envoy)));
    const observations = new Map(observed);
    return dials.flatMap(({ dial }) => observations.get(dial.token) ?? []);
  }

  async #driveRounds(rounds: readonly DialRound[], inFlight: number, envoy: RealEnvoy | null) {
    const dials = rounds.flatMap((round) => round.dials);
    const driven = await driveRounds(rounds, inFlight, () => forgetTracked(this.#station("pod"), this.#agents()));
    const results = new Map(driven.map((result) => [result.token, result]));
    const areConfirmed = dials.every(({ dial }) =>
      isConfirmed(dial, results.get(dial.token), this.#recordsOf(dial.token)),
    );
    const blindness = areConfirmed ? null : await syncAgents(this.#agents());
    const observe = async (planned: PlannedDial, token = planned.dial.token) =>
      [token, await this.#observe(planned, results.get(token), blindness, envoy)] as const;
    return Promise.all(dials.map((planned) => observe(planned)));
  }

  shellHint(): string | null {
    return this.#world.shellHint();
  }

  allowReuse(): void {
    if (this.#reuse === "not-asked") this.#reuse = "allowed";
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= this.#leave().then((isLeft) => (isLeft ? undefined : this.#world[Symbol.asyncDispose]()));
    return this.#end;
  }

  /** Says whether the world is left for a later run. */
  async #leave(): Promise<boolean> {
    const { leave, files } = this.#world;
    if (leave === null || this.#reuse !== "allowed") return false;
    try {
      const pod = this.#station("pod");
      if (this.#envoy) await this.#station("proxy").agent.call("stop-envoy", {});
      await this.clear();
      await this.#own([]);
      await this.#world.linkInterfaces([]);
      await restoreResolverFile(pod, files);
      await pod.agent.call("clear-all", { namespace: pod.namespace, variant: this.#variant });
      if ((await syncAgents(this.#agents())) !== null) return false;
      await leave();
      return true;
    } catch {
      // Whatever it is, the world is no use to anybody else.
      return false;
    }
  }

  #station(name: StationName): Station {
    const station = this.#world.stations.get(name);
    if (station) return station;
    throw new LandfallError("agent-failed", `the sandbox has no ${name}; name its interfaces in the pod's spec first.`);
  }

  #agents(): readonly AgentClient[] {
    return [...new Set([...this.#world.stations.values()].map(({ agent }) => agent))];
  }

  async #listen(spec: PodSpec): Promise<void> {
    const isOwn = (one: ListenerSpec) => !this.#envoy || !isEnvoys(one);
    await bringListeners(listenersOf(spec, this.addresses), (name) => this.#station(name), isOwn);
  }

  async #own(addresses: readonly string[]): Promise<void> {
    const lines = planLocalRoutes(this.#upstreamAddresses, addresses);
    const { agent, namespace } = this.#station("upstream");
    if (lines.length > 0) await agent.call("configure", { namespace, sysctls: {}, ip: lines });
    this.#upstreamAddresses = addresses;
  }

  async #apply(rules: PodRules): Promise<void> {
    if (this.#foreignRouting) await this.clear();
    const { agent, namespace } = this.#station("pod");
    await agent.call("apply", { namespace, variant: this.#variant, ...renderRules(rules) });
  }

  #recordsOf(token: string): readonly Seen[] {
    return this.#agents().flatMap((agent) => agent.seen(token));
  }

  async #observe(
    planned: PlannedDial,
    told: DialResult | undefined,
    blindness: string | null,
    envoy: RealEnvoy | null,
  ): Promise<Observation> {
    const { token, manner, protocol } = planned.dial;
    const result = told ?? makeBlindResult(token, "the agent gave no result");
    const ends = confirmLanding(result, this.#recordsOf(token), protocol);
    for (const agent of this.#agents()) for (const each of [token, `${token} first`]) agent.forget(each);
    const driven = describeDriven(planned.dial, result, ends);
    const seen = (await envoy?.completeLanding(driven, manner)) ?? { landing: ends };
    // Where an agent is gone, so are its listeners: a refusal then tells of the harness, not of the rules.
    const isBlind = blindness !== null && !["listener", "could-not-look"].includes(seen.landing.kind);
    const landing = isBlind ? makeBlind("no-observation", blindness) : seen.landing;
    return { ...seen, landing: nameRemote(landing, this.#shape), durationMs: result.durationMs };
  }
}
