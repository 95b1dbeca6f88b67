import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { consul } from "../harness/meshes/consul/mesh.ts";
import { istio } from "../harness/meshes/istio/mesh.ts";
import { kuma } from "../harness/meshes/kuma/mesh.ts";
import { linkerd } from "../harness/meshes/linkerd/mesh.ts";
import type { Mesh } from "../harness/meshes/mesh.ts";
import { makeCapture } from "../harness/meshes/meshes.ts";
import type { Family } from "../harness/model/address.ts";
import type { Capture } from "../harness/model/capture.ts";
import type { Identity } from "../harness/model/contract.ts";
import type { Flow } from "../harness/model/flow.ts";
import { resolveFlow } from "../harness/model/flow-resolution.ts";
import { parseFlowText } from "../harness/model/flow-text.ts";
import type { Landing } from "../harness/model/landing.ts";
import { isLoopback, type PodSpec, type SandboxAddresses } from "../harness/model/pod.ts";
import { BARE_SHAPE, type ListenerShape, type PodShape } from "../harness/model/pod-shape.ts";
import type { PodRules } from "../harness/model/ruleset.ts";
import { readTyped } from "./typed-input.ts";
import { inputOf, type Vector } from "./unit/meshes/vectors.ts";

interface Proxy {
  readonly uid: number;
  readonly gid: number;
  /** Ports that it listens on; the app has all others that some flow dials. */
  readonly tcp: readonly number[];
  readonly udp: readonly number[];
}

/** A mesh's settings, and where each flow landed under the rules that the mesh's own tool makes of them. */
interface Setup extends Pick<Vector, "name" | "inputs" | "addresses" | "resolv"> {
  readonly proxy?: Proxy;
  /** By flow, `v6 app->own ip:53/udp`: a port of the pod, or `peer:` and the peer's; Kuma's file calls them landings. */
  readonly rows?: Readonly<Record<string, string>>;
  readonly landings?: Readonly<Record<string, string>>;
}

/** The addresses of each name in a flow's text, one a family. */
type Names = Readonly<Record<string, readonly (string | null)[]>>;

const ENVOY = { tcp: [15001, 15006, 15053], udp: [15053] };
/** Flows by a second interface, which is not beside this pod. */
const BY_ETH1 = /->(peer1|pod1|10\.99\.0\.1):/;

/** Reads the recordings of one mesh from `test/golden`. */
function readSetups(file: string): { readonly names: Names; readonly setups: readonly Setup[] } {
  const path = resolve(import.meta.dirname, "golden", file);
  const { names, setups, vectors } = JSON.parse(readFileSync(path, "utf8")) as {
    readonly names: Names;
    readonly setups?: readonly Setup[];
    readonly vectors?: readonly Setup[];
  };
  return { names, setups: setups ?? vectors ?? [] };
}

/** A flow of a recording. */
export interface Row {
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

/** How a flow's text here calls a target of a recording; pod and peer have the addresses that they have here. */
function renderTarget(target: string, family: Family, names: Names): string {
  const suffix = family === 4 ? "" : "6";
  if (target === "pod" || target === "own ip") return `pod${suffix}`;
  if (target === "peer") return `upstream${suffix}`;
  const address = names[target]?.[family === 4 ? 0 : 1] ?? target.replace(/^\[(.*)\]$/, "$1");
  return family === 4 ? address : `[${address}]`;
}

/** Reads `v6 proxyuid from ::1->own ip:53/udp`; the peer is the upstream. */
function readRow(text: string, names: Names, proxy: Proxy, addresses: SandboxAddresses): Row {
  const [, six, actor = "", from, target = "", port, udp = ""] =
    /^(v6 )?(.+?)(?: from (\S+))?->(.+):(\d+)(\/udp)?$/.exec(text) ?? [];
  const family = six === undefined ? 4 : 6;
  const isPeer = actor === "peer";
  const [uid, gid] = ownerOf(actor, proxy);
  const source = from ?? (isPeer && family === 6 ? addresses.upstream[6] : null);
  const who = `${isPeer ? "upstream" : `uid=${uid},gid=${gid}`}${source === null ? "" : `@${source}`}`;
  const parsed = parseFlowText(`${who} -> ${renderTarget(target, family, names)}:${port}${udp}`, BARE_SHAPE);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const flow = resolveFlow(parsed.value, addresses, BARE_SHAPE);
  return {
    ...{ text, flow, owner: { uid, gid, mark: 0 }, startedOn: isPeer ? "client" : "pod" },
    isInside: flow.to.address === addresses.pod[family] || isLoopback(flow.to.address),
  };
}

/** Where the recording was made, app and peer took connections and datagrams on every port that some flow dials. */
function makeSpec(
  flows: readonly Flow[],
  { uid, gid, tcp, udp }: Proxy,
  ofMesh: PodShape,
  addresses: SandboxAddresses,
): PodSpec {
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
  const hosts = Object.values(addresses).flatMap((host) => [host[4], host[6]]);
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

/** What a recording calls a landing. */
export function describeLanding({ kind, host, port }: Landing): string {
  if (kind === "listener") return host === "pod" ? `${port}` : `peer:${port}`;
  return kind === "timed-out" || kind === "unanswered" ? "timeout" : kind;
}

/** What is needed to drive the flows of a recording, or to predict them. */
export interface RecordedPod {
  readonly capture: Capture;
  readonly rules: PodRules;
  readonly spec: PodSpec;
  readonly rows: readonly Row[];
  /** By a flow's text, where it landed. */
  readonly recorded: Readonly<Record<string, string>>;
}

/** Gives a mesh's rules for the settings of a recording, in a pod with the given addresses, and the flows that were recorded. */
function prepare<Settings>(mesh: Mesh<Settings>, setup: Setup, names: Names, addresses: SandboxAddresses): RecordedPod {
  const { pod, ...input } = inputOf({ ...setup, rc: 0 });
  const facts = { ...pod, own: addresses.pod };
  const parsed = readTyped(mesh, { ...input, pod: facts });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const capture = makeCapture(mesh, parsed.value.settings, facts);
  if (capture.generated === null) throw new TypeError(`${mesh.name} generates no rules.`);
  const { runsAs } = capture.shape.proxies[0] ?? {};
  const proxy = setup.proxy ?? { ...ENVOY, uid: runsAs?.uid || 1337, gid: runsAs?.gid ?? 1337 };
  const recorded = Object.entries(setup.rows ?? setup.landings ?? {}).filter(([text]) => !BY_ETH1.test(text));
  const rows = recorded.map(([text]) => readRow(text, names, proxy, addresses));
  const spec = makeSpec(
    rows.map(({ flow }) => flow),
    proxy,
    capture.shape,
    addresses,
  );
  return { capture, rules: capture.generated, spec, rows, recorded: Object.fromEntries(recorded) };
}

/** A recording by the name of its mesh and its own. */
export interface Recording {
  readonly mesh: string;
  readonly name: string;
  prepare(addresses: SandboxAddresses): RecordedPod;
}

function recordingsOf<Settings>(mesh: Mesh<Settings>): readonly Recording[] {
  const { names, setups } = readSetups(`${mesh.name}-flows.json`);
  return setups.map((setup) => ({
    ...{ mesh: mesh.name, name: setup.name },
    prepare: (addresses) => prepare(mesh, setup, names, addresses),
  }));
}

/** Every recording of flows of a pod whose rules a mesh's own tool has made. */
export const RECORDINGS: readonly Recording[] = [
  ...recordingsOf(linkerd),
  ...recordingsOf(consul),
  ...recordingsOf(kuma),
  ...recordingsOf(istio),
];
