import { FAMILIES } from "../../model/address.ts";
import { POD_INTERFACE, type SandboxAddresses, vmGateway } from "../../model/pod.ts";
import type { HostAddresses } from "../../model/pod-shape.ts";
import type { AgentClient } from "../agents/agent-client.ts";
import { look } from "../pod/look.ts";
import type { CrewMember, DockerCrew } from "./crew.ts";
import { engineFailed } from "./engine-answers.ts";
import type { EngineSource } from "./engine-source.ts";
import { bridgeAddress, clearEngineRules, configure, defaultRoute, HOST_CAPABILITIES, neighbour } from "./hosts.ts";
import type { Lifetime } from "./labels.ts";
import { createNetwork, removeNetwork, type SandboxNetwork } from "./network.ts";
import { addressesAt } from "./subnets.ts";

/** What the vm hangs on. */
export interface VmPlan {
  readonly engine: EngineSource;
  readonly addresses: SandboxAddresses;
  readonly place: number;
  readonly run: string;
  readonly crew: DockerCrew;
  readonly pod: CrewMember;
  readonly lifetime: Lifetime;
}

/** A vm that an earlier run has made, and the hardware addresses of both ends of its network. */
export interface StandingVm {
  readonly vm: CrewMember;
  readonly vmMac: string;
  readonly podMac: string;
}

/** What the vm and what the pod hang on, once made: a network of their own. */
interface Link {
  readonly agent: AgentClient;
  readonly vmMac: string;
  /** The pod's interface there, by its present name. */
  device: string;
}

/**
 * The vm and the network by which it hangs on the pod; both are made when a scenario first asks for them and stay for the next one. The
 * engine names the pod's new interface as it likes: it is given the name that the scenario asks for. With several names, the vm stands
 * behind the first; the others are there and silent. What the engine refuses is `environment`.
 */
export class DockerVm implements AsyncDisposable {
  readonly #plan: VmPlan;
  readonly #standing: StandingVm | null;
  #network: SandboxNetwork | null = null;
  #link: Link | null = null;
  #names: readonly string[] = [];

  /** With `standing` it is a vm of a kept world, whose interface in the pod is hidden. */
  constructor(plan: VmPlan, standing: StandingVm | null = null) {
    this.#plan = plan;
    this.#standing = standing;
  }

  /** The pod's own addresses on the vm's network: the vm's next hop. */
  get #gateway(): HostAddresses {
    return vmGateway(0, { vm: addressesAt("vm", this.#plan.place) });
  }

  /** Brings the pod's further interfaces to exactly these names, and gives the vm's agent; null as long as nobody has asked for a vm. */
  async link(wanted: readonly string[]): Promise<AgentClient | null> {
    if (wanted.join() === this.#names.join()) return this.#link?.agent ?? null;
    this.#link ??= await (this.#standing ? this.#find(this.#standing) : this.#make());
    const { pod } = this.#plan;
    const extras = this.#names.slice(1).map((name) => `link delete ${name}`);
    await configure(pod.agent, [
      ...extras,
      ...(wanted.length > 0 ? this.#nameLines(this.#link, wanted) : this.#hideLines(this.#link)),
    ]);
    this.#link.device = wanted[0] ?? this.#link.device;
    this.#names = wanted;
    return this.#link.agent;
  }

  /** Removes the network; the containers on it are gone by then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { engine, lifetime } = this.#plan;
    if (this.#network && lifetime === "run") await removeNetwork(await engine(), this.#network.id);
  }

  async #find({ vm, vmMac, podMac }: StandingVm): Promise<Link> {
    const station = { agent: this.#plan.pod.agent, namespace: null };
    const { stdout } = await look(station, "ip", "-json", "link", "show");
    const links = JSON.parse(stdout) as readonly { readonly ifname: string; readonly address?: string }[];
    const device = links.find(({ address }) => address === podMac)?.ifname;
    if (device === undefined)
      throw engineFailed("find the pod's interface to the vm", `none has the address ${podMac}`);
    return { agent: vm.agent, vmMac, device };
  }

  async #make(): Promise<Link> {
    const { addresses, place, run, crew, pod, lifetime } = this.#plan;
    const engine = await this.#plan.engine();
    const network = await createNetwork(engine, "vm", run, lifetime, [place]);
    this.#network = network;
    const own = { kind: "own", network, addresses: addresses.vm } as const;
    const [vm, device] = await Promise.all([
      crew.start({ role: "vm", place: own, capabilities: HOST_CAPABILITIES }),
      this.#connectPod(network),
    ]);
    const macs = (await engine.getNetwork(network.id).inspect()).Containers ?? {};
    const podMac = macs[pod.id]?.MacAddress ?? "";
    await clearEngineRules(vm.agent);
    await configure(vm.agent, this.#vmLines(podMac));
    return { agent: vm.agent, vmMac: macs[vm.id]?.MacAddress ?? "", device };
  }

  /** Gives the pod an interface on the network, and its name: the one that has the address. */
  async #connectPod(network: SandboxNetwork): Promise<string> {
    const { pod } = this.#plan;
    const engine = await this.#plan.engine();
    const IPAMConfig = { IPv4Address: this.#gateway[4], IPv6Address: this.#gateway[6] };
    const connection = { Container: pod.id, EndpointConfig: { IPAMConfig } };
    await engine
      .getNetwork(network.id)
      .connect(connection)
      .catch((error) => {
        throw engineFailed("connect the pod with the vm's network", error);
      });
    const station = { agent: pod.agent, namespace: null };
    const { stdout } = await look(station, "ip", "-json", "address", "show", "to", this.#gateway[4]);
    await clearEngineRules(pod.agent);
    return (JSON.parse(stdout) as { ifname?: string }[]).find(({ ifname }) => ifname)?.ifname ?? "";
  }

  /** An interface can be renamed only while it is down, and loses its IPv6 address by that. The engine may have moved the default route. */
  #nameLines({ device, vmMac }: Link, [name = "", ...extras]: readonly string[]): readonly string[] {
    const { addresses, place } = this.#plan;
    const gateway = this.#gateway;
    return [
      `link set ${device} down`,
      ...(device === name ? [] : [`link set ${device} name ${name}`]),
      `address replace ${gateway[4]}/24 dev ${name}`,
      `link set ${name} up`,
      `address replace ${gateway[6]}/64 dev ${name} nodad`,
      ...FAMILIES.flatMap((family) => [
        defaultRoute(addresses.upstream[family]),
        `route replace unreachable ${bridgeAddress("vm", place)[family]}`,
        neighbour(addresses.vm[family], vmMac, name),
      ]),
      ...extras.flatMap((extra, i) => [
        `link add ${extra} type veth peer name landfall-far${i}`,
        `link set ${extra} up`,
      ]),
    ];
  }

  /** Without addresses, down, and without its routes, as if it were not there: the generator looks at the pod's addresses. */
  #hideLines({ device }: Link): readonly string[] {
    return [
      `address flush dev ${device}`,
      `link set ${device} down`,
      ...FAMILIES.map((family) => `route del unreachable ${bridgeAddress("vm", this.#plan.place)[family]}`),
    ];
  }

  #vmLines(podMac: string): readonly string[] {
    return FAMILIES.flatMap((family) => [
      defaultRoute(this.#gateway[family]),
      `route replace unreachable ${bridgeAddress("vm", this.#plan.place)[family]}`,
      neighbour(this.#gateway[family], podMac, POD_INTERFACE),
    ]);
  }
}
