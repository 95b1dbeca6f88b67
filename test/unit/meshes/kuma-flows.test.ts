import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { kuma } from "../../../harness/meshes/kuma/mesh.ts";
import type { Connection, Demand } from "../../../harness/model/contract.ts";
import { isLoopback } from "../../../harness/model/pod.ts";
import type { PodShape } from "../../../harness/model/pod-shape.ts";
import { readTyped } from "../../typed-input.ts";
import { inputOf, type Vector } from "./vectors.ts";

interface RecordedFlows extends Vector {
  /** By flow, `v6 app->peer:53/udp`: a port of the pod, or `peer:` and a port. */
  readonly landings: Readonly<Record<string, string>>;
}

const { names, vectors } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../golden/kuma-flows.json"), "utf8"),
) as { readonly names: Readonly<Record<string, readonly string[]>>; readonly vectors: readonly RecordedFlows[] };

const OWN = { 4: "10.20.0.2", 6: "fd00:20::2" } as const;
/** The pod's address on the interface of a virtual network, and one beyond it: what is sent there comes by that interface. */
const BY_VIRTUAL_NETWORK = ["pod1", "10.99.0.1"];

function ownerOf(actor: string, proxyUid: number): Connection["owner"] {
  const number = /^uid(\d+)$/.exec(actor)?.[1];
  if (number !== undefined) return { uid: Number(number), gid: Number(number), mark: 0 };
  const uid = actor.startsWith("proxyuid") ? proxyUid : 1000;
  const gid = actor === "proxyuid" || actor === "proxygid" ? proxyUid : 1000;
  return { uid, gid, mark: 0 };
}

function readConnection(text: string, proxyUid: number): Connection {
  const match = /^(v6 )?(.+?)(?: from (\S+))?->(.+):(\d+)(\/udp)?$/.exec(text);
  const [, six, actor = "", from, target = "", port] = match ?? [];
  const family = six ? 6 : 4;
  const address = names[target]?.[family === 6 ? 1 : 0] ?? target.replaceAll(/[[\]]/g, "");
  const elsewhere = BY_VIRTUAL_NETWORK.includes(target) ? "vm" : "client";
  const startedOn = actor === "peer" ? elsewhere : "pod";
  const near = isLoopback(address) ? address : OWN[family];
  const source = from ?? (startedOn === "pod" ? near : (names["peer"]?.[family === 6 ? 1 : 0] ?? ""));
  const owner = ownerOf(actor, proxyUid);
  const protocol = text.endsWith("/udp") ? "udp" : "tcp";
  return { family, protocol, startedOn, owner, source, destination: address, port: Number(port) };
}

function landingOf(demand: Demand, { destination, port, family }: Connection, shape: PodShape): string {
  if (demand.must === "land-on") return `${shape.listeners.find(({ name }) => name === demand.listener)?.port}`;
  if (demand.must !== "as-dialled") return demand.must;
  const isOwn = isLoopback(destination) || destination === OWN[family] || names["pod1"]?.includes(destination);
  return isOwn ? `${port}` : `peer:${port}`;
}

describe("Kuma's contract demands where real flows landed under its rules:", () => {
  test.each(vectors.map((vector): [string, RecordedFlows] => [vector.name, vector]))("%s", (_, vector) => {
    const input = inputOf(vector);
    const pod = { ...input.pod, own: OWN };
    const parsed = readTyped(kuma, { ...input, pod });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    const { settings } = parsed.value;
    const contract = kuma.contract(settings, pod);
    const shape = kuma.shape(settings, pod);
    const demanded = Object.keys(vector.landings).map((flow) => {
      const connection = readConnection(flow, settings.proxyUid);
      return [flow, landingOf(contract.demand(connection), connection, shape)];
    });
    // Of what the proxy asks as DNS inside the pod nothing is demanded where invalid packets are dropped: see isBesideZones.
    const unasked = new Set(demanded.flatMap(([flow, demand]) => (demand === "unspecified" ? flow : [])));
    expect(
      [...unasked].filter((flow) => !/^(v6 )?proxyuid.*->(own ip|127\.|\[::1\]).*:53\/udp$/.test(`${flow}`)),
    ).toEqual([]);
    const isAsked = ([flow]: readonly unknown[]) => !unasked.has(`${flow}`);
    const landed = Object.entries(vector.landings).filter(isAsked);
    expect(Object.fromEntries(demanded.filter(isAsked))).toEqual(Object.fromEntries(landed));
  });
});
