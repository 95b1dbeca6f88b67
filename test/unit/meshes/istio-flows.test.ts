import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import type { IstioSettings } from "../../../harness/meshes/istio/settings.ts";
import type { PodFacts } from "../../../harness/meshes/mesh.ts";
import type { Connection, Demand, Identity, Protocol } from "../../../harness/model/contract.ts";
import { readTyped } from "../../typed-input.ts";
import { inputOf, type Vector } from "./vectors.ts";

/** The address of one name in each family. */
type Both = readonly [ip4: string, ip6: string | null];

interface Setup extends Pick<Vector, "name" | "inputs" | "addresses" | "resolv"> {
  /** By flow, `v6 app->own ip:53/udp`: the port of a listener of the pod, or `peer:` and the peer's port. */
  readonly rows: Readonly<Record<string, string>>;
}

const path = resolve(import.meta.dirname, "../../golden/istio-flows.json");
const { names, setups } = JSON.parse(readFileSync(path, "utf8")) as {
  readonly names: Readonly<Record<string, Both>>;
  readonly setups: readonly Setup[];
};
/** The pod's addresses where the flows were driven. */
const OWN = { 4: "10.20.0.2", 6: "fd00:20::2" };
const PEER = { 4: "10.20.0.1", 6: "fd00:20::1" };
/** A second interface of the pod and its peer, beside the one that contracts know: such flows are left out. */
const ON_ETH1 = /->(peer1|pod1):/;

/** uid and gid of an actor, as the recording names them. */
const OWNERS: Readonly<Record<string, readonly [uid: number, gid: number]>> = {
  app: [1000, 1000],
  peer: [1000, 1000],
  proxyuid: [1337, 1337],
  proxygid: [1000, 1337],
  "proxyuid gid1000": [1337, 1000],
};

function ownerOf(actor: string): Identity {
  const numbered = Number(/^uid(\d+)$/.exec(actor)?.[1]);
  const [uid, gid] = OWNERS[actor] ?? [numbered, numbered];
  if (Number.isNaN(uid)) throw new RangeError(`The recording's actor "${actor}" is not known.`);
  return { uid, gid, mark: 0 };
}

/** Reads a recorded flow: `v6 proxyuid from ::1->own ip:53/udp`. */
function readFlow(text: string): Connection {
  const found = /^(v6 )?(.+?)(?: from (\S+))?->(.+):(\d+)(\/udp)?$/.exec(text);
  const [, six, actor = "", from, target = "", port = "", udp] = found ?? [];
  const family = six === undefined ? 4 : 6;
  const destination = names[target]?.[family === 4 ? 0 : 1] ?? target.replace(/^\[(.*)\]$/, "$1");
  const isInside = destination === OWN[family] || destination.startsWith("127.") || destination === "::1";
  const usual = actor === "peer" ? PEER[family] : isInside ? destination : OWN[family];
  const protocol: Protocol = udp === undefined ? "tcp" : "udp";
  const startedOn = actor === "peer" ? "client" : "pod";
  return { family, protocol, startedOn, owner: ownerOf(actor), source: from ?? usual, destination, port: Number(port) };
}

/** Where a demand has a flow land, in the recording's words. */
function landing(demand: Demand, { destination, port }: Connection, settings: IstioSettings, pod: PodFacts): string {
  if (demand.must === "land-on") {
    const listener = istio.shape(settings, pod).listeners.find(({ name }) => name === demand.listener);
    return `${listener?.port}`;
  }
  if (demand.must !== "as-dialled") return demand.must;
  const isInside = Object.values(OWN).includes(destination) || destination.startsWith("127.") || destination === "::1";
  return isInside ? `${port}` : `peer:${port}`;
}

describe("Istio's contract demands what its own rules did to real flows:", () => {
  test.each(setups.map((setup) => [setup.name, setup] as const))("%s", (_, setup) => {
    const { pod, ...input } = inputOf({ ...setup, rc: 0 });
    const facts = { ...pod, own: OWN };
    const parsed = readTyped(istio, { ...input, pod: facts });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    const { settings } = parsed.value;
    const contract = istio.contract(settings, facts);
    const flows = Object.keys(setup.rows).filter((flow) => !ON_ETH1.test(flow));
    const demanded = flows.map((flow) => {
      const connection = readFlow(flow);
      return [flow, landing(contract.demand(connection), connection, settings, facts)] as const;
    });
    expect(flows.length).toBeGreaterThan(80);
    expect(Object.fromEntries(demanded)).toEqual(Object.fromEntries(flows.map((flow) => [flow, setup.rows[flow]])));
  });
});
