import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { consul } from "../../../harness/meshes/consul/mesh.ts";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import { kuma } from "../../../harness/meshes/kuma/mesh.ts";
import { linkerd } from "../../../harness/meshes/linkerd/mesh.ts";
import type { Mesh } from "../../../harness/meshes/mesh.ts";
import { makeCapture } from "../../../harness/meshes/meshes.ts";
import type { Demand, Identity } from "../../../harness/model/contract.ts";
import type { Flow } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, isLoopback, type PodSpec, type SandboxAddresses } from "../../../harness/model/pod.ts";
import { BARE_SHAPE, type ListenerShape, type PodShape } from "../../../harness/model/pod-shape.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { readTyped } from "../../typed-input.ts";
import { inputOf, type Vector } from "../meshes/vectors.ts";

interface Proxy {
  readonly uid: number;
  readonly gid: number;
  /** Ports that it listens on; the app has all others that some flow dials. */
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

interface Setup extends Pick<Vector, "name" | "inputs" | "addresses" | "resolv"> {
  readonly proxy?: Proxy;
  /** By flow, `v6 app->own ip:53/udp`: a port of the pod, or `peer:` and the peer's; Kuma's file calls them landings. */
  readonly rows?: Readonly<Record<string, string>>;
  readonly landings?: Readonly<Record<string, string>>;
}

type Names = Readonly<Record<string, readonly (string | null)[]>>;

const ADDRESSES: SandboxAddresses = {
  ...DEFAULT_ADDRESSES,
  pod: { 4: "10.20.0.2", 6: "fd00:20::2" },
  upstream: { 4: "10.20.0.1", 6: "fd00:20::1" },
};
const ENVOY = { tcp: [15001, 15006, 15053], udp: [15053] };
/** Flows by a second interface, which is not beside this pod. */
const BY_ETH1 = /->(peer1|pod1|10\.99\.0\.1):/;

function readSetups(file: string): { readonly names: Names; readonly setups: readonly Setup[] } {
  const path = resolve(import.meta.dirname, "../../golden", file);
  const { names, setups, vectors } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly names: Names;
    readonly setups?: readonly Setup[];
    readonly vectors?: readonly Setup[];
  };
  return { names, setups: setups ?? vectors ?? [] };
}

/** A flow of a recording. */
interface Row {
  readonly text: string;
  readonly flow: Flow;
  readonly isInside: boolean;
  readonly owner: Identity;
  readonly startedOn: "client" | "pod";
}

function ownerOf(actor: string, { uid, gid }: Proxy): readonly [uid: number, gid: number] {
  const numbered = Number(/^uid(\d+)$/.exec(actor)?.[1]);
  const owners: Readonly<Record<string, readonly [number, number]>> = {
    app: [1000, 1000],
    peer: [1000, 1000],
    proxyuid: [uid, gid],
    proxygid: [1000, gid],
    "proxyuid gid1000": [uid, 1000],
  };
  return owners[actor] ?? [numbered, numbered];
}

/** Reads `v6 proxyuid from ::1->own ip:53/udp`; the peer stands at the upstream's address. */
function readRow(text: string, names: Names, proxy: Proxy): Row {
  const [, six, actor = "", from, target = "", port, udp = ""] =
    /^(v6 )?(.+?)(?: from (\S+))?->(.+):(\d+)(\/udp)?$/.exec(text) ?? [];
  const family = six === undefined ? 4 : 6;
  const [own, group] = ownerOf(actor, proxy);
  const address = names[target]?.[family === 4 ? 0 : 1] ?? target.replace(/^\[(.*)\]$/, "$1");
  const isPod = address === ADDRESSES.pod[family];
  const places = [
    [isPod, family === 4 ? "pod" : "pod6"],
    [address === ADDRESSES.upstream[family], family === 4 ? "upstream" : "upstream6"],
    [address.includes(":"), `[${address}]`],
  ] as const;
  const to = places.find(([fits]) => fits)?.[1] ?? address;
  const source = from ?? (actor === "peer" && family === 6 ? ADDRESSES.upstream[6] : null);
  const who = `${actor === "peer" ? "upstream" : `uid=${own},gid=${group}`}${source === null ? "" : `@${source}`}`;
  const parsed = parseFlowText(`${who} -> ${to}:${port}${udp}`, BARE_SHAPE);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return {
    text,
    flow: resolveFlow(parsed.value, ADDRESSES, BARE_SHAPE),
    isInside: isPod || isLoopback(address),
    owner: { uid: own, gid: group, mark: 0 },
    startedOn: actor === "peer" ? "client" : "pod",
  };
}

/** Where the recording was made, app and peer took connections and datagrams on every port that some flow dials. */
function makeSpec(flows: readonly Flow[], { uid, gid, tcp, udp }: Proxy, ofMesh: PodShape): PodSpec {
  const owner = { uid, gid, mark: 0 };
  const isTransparent = ofMesh.listeners.some(({ mode }) => mode === "transparent");
  const listeners = tcp.map(
    (port): ListenerShape => ({
      ...{ name: `proxy-${port}`, role: "app", proxy: "proxy", host: "pod", address: null, owner, port },
      protocols: udp.includes(port) ? ["tcp", "udp"] : ["tcp"],
      mode: isTransparent ? "transparent" : "redirect",
      dials: { kind: "nothing" },
    }),
  );
  const proxy = { name: "proxy", owners: [{ uid: { first: uid, last: uid }, gid: null, mark: null }], runsAs: owner };
  const ports = [...new Set([...flows.map(({ to }) => to.port), ...tcp])];
  const hosts = Object.values(ADDRESSES).flatMap((host) => [host[4], host[6]]);
  const others = flows.flatMap(({ from, to }) => [to.address, ...(from.actor === "upstream" ? [from.address] : [])]);
  return {
    shape: {
      ...{ proxies: [{ ...proxy, dials: { kind: "nothing" } }], listeners, hosts: {}, links: [] },
      ...{ resolvers: ofMesh.resolvers, passThrough: ofMesh.passThrough },
    },
    listen: ports.filter((port) => !tcp.includes(port)),
    upstreamPorts: ports,
    clientPorts: [],
    upstreamAddresses: [...new Set(others)].filter((each) => !isLoopback(each) && !hosts.includes(each)),
    udp: { app: ports.filter((port) => !udp.includes(port)), upstream: ports, client: [] },
  };
}

function describeLanding({ kind, host, port }: Landing): string {
  if (kind === "listener") return host === "pod" ? `${port}` : `peer:${port}`;
  return kind === "timed-out" || kind === "unanswered" ? "timeout" : kind;
}

/** What a demand says in the recording's words; null where it asks for nothing. */
function describeDemand(demand: Demand, { flow, isInside }: Row, shape: PodShape): string | null {
  if (demand.must === "unspecified") return null;
  if (demand.must === "as-dialled") return isInside ? `${flow.to.port}` : `peer:${flow.to.port}`;
  if (demand.must !== "land-on") return demand.must;
  const listener = shape.listeners.find(({ name }) => name === demand.listener);
  return listener?.host === "pod" ? `${listener.port}` : `peer:${listener?.port}`;
}

/** Lands every recorded flow of a mesh in the simulator, and asks the contract for it. */
function check<Settings>(mesh: Mesh<Settings>, setup: Setup, names: Names): void {
  const { pod, ...input } = inputOf({ ...setup, rc: 0 });
  const facts = { ...pod, own: ADDRESSES.pod };
  const parsed = readTyped(mesh, { ...input, pod: facts });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const capture = makeCapture(mesh, parsed.value.settings, facts);
  const { runsAs } = capture.shape.proxies[0] ?? {};
  const proxy = setup.proxy ?? { ...ENVOY, uid: runsAs?.uid || 1337, gid: runsAs?.gid ?? 1337 };
  const recorded = Object.entries(setup.rows ?? setup.landings ?? {}).filter(([text]) => !BY_ETH1.test(text));
  const rows = recorded.map(([text]) => readRow(text, names, proxy));
  const flows = rows.map(({ flow }) => flow);
  if (capture.generated === null) throw new TypeError(`${mesh.name} generates no rules.`);
  const simulator = compilePod(capture.generated, makeSpec(flows, proxy, capture.shape), ADDRESSES);
  const simulated = rows.map(({ text, flow }) => [text, describeLanding(simulator.land(flow, "answer"))]);
  expect(Object.fromEntries(simulated)).toEqual(Object.fromEntries(recorded));
  const contract = capture.contractFor(ADDRESSES);
  const demanded = rows.flatMap((row) => {
    const { flow, owner, startedOn } = row;
    const { family, protocol } = flow;
    const { address: source } = flow.from;
    const { address: destination, port } = flow.to;
    const said = describeDemand(
      contract.demand({ family, protocol, startedOn, owner, source, destination, port }),
      row,
      capture.shape,
    );
    return said === null ? [] : [[row.text, said] as const];
  });
  const asked = new Set(demanded.map(([text]) => text));
  expect(asked.size).toBeGreaterThan(50);
  expect(Object.fromEntries(demanded)).toEqual(Object.fromEntries(recorded.filter(([text]) => asked.has(text))));
}

describe("simulator and contract land TCP and UDP flows where the kernel did, under the rules of", () => {
  const linkerds = readSetups("linkerd-flows.json");
  test.each(linkerds.setups)("linkerd, $name", (setup) => check(linkerd, setup, linkerds.names));
  const consuls = readSetups("consul-flows.json");
  test.each(consuls.setups)("consul, $name", (setup) => check(consul, setup, consuls.names));
  const kumas = readSetups("kuma-flows.json");
  test.each(kumas.setups)("kuma, $name", (setup) => check(kuma, setup, kumas.names));
  const istios = readSetups("istio-flows.json");
  test.each(istios.setups)("istio, $name", (setup) => check(istio, setup, istios.names));
});
