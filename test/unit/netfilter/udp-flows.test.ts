import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readRulesText } from "../../../harness/formats/rules-text.ts";
import { renderEndpoint } from "../../../harness/model/address.ts";
import type { Flow } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type Owner, type PodSpec, type SandboxAddresses } from "../../../harness/model/pod.ts";
import type { PodShape } from "../../../harness/model/pod-shape.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import type { Ruleset } from "../../../harness/model/ruleset.ts";
import { compilePod } from "../../../harness/netfilter/simulator.ts";
import { shapeOf, takingDatagrams } from "../../istio-pod.ts";

interface Recording {
  readonly name: string;
  readonly addresses: "default" | "mesh";
  readonly proxy: Owner;
  /** The ports at which the proxy takes datagrams. */
  readonly proxyPorts: readonly number[];
  readonly ip: readonly string[];
  readonly ip6: readonly string[];
  /** By flow: `PORT at END`, `peer:PORT at END`, `unanswered from END`, or what became of it. */
  readonly rows: Readonly<Record<string, string>>;
}

const path = resolve(import.meta.dirname, "../../golden/udp-flows.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { readonly cases: readonly Recording[] };
const ADDRESSES: Readonly<Record<Recording["addresses"], SandboxAddresses>> = {
  default: DEFAULT_ADDRESSES,
  mesh: {
    ...DEFAULT_ADDRESSES,
    pod: { 4: "10.20.0.2", 6: "fd00:20::2" },
    upstream: { 4: "10.20.0.1", 6: "fd00:20::1" },
  },
};

function readRules(lines: readonly string[], family: 4 | 6): Ruleset | null {
  if (lines.length === 0) return null;
  const read = readRulesText(`${lines.join("\n")}\n`, { where: "", family, noise: "strict" });
  if (!read.ok) throw new Error(JSON.stringify(read.findings));
  return family === 4 ? read.value.ip : read.value.ip6;
}

/** Where the recordings have the pod's own addresses, app and peer take datagrams on every port that some flow is sent to. */
function makeSpec({ addresses, proxy, proxyPorts }: Recording, flows: readonly Flow[]): PodSpec {
  const sent = [...new Set(flows.map(({ to }) => to.port))].filter((port) => !proxyPorts.includes(port));
  const isMesh = addresses === "mesh";
  const taken = Object.values(ADDRESSES[addresses]).flatMap((host) => [host[4], host[6]]);
  const dialled = flows.flatMap(({ from, to }) => (from.actor === "upstream" ? [from.address] : [to.address]));
  return {
    shape: shapeWith(proxy, proxyPorts),
    ...{ listen: [], upstreamPorts: [], clientPorts: [] },
    upstreamAddresses: dialled.filter((each) => !/^(127\.|::1$)/.test(each) && !taken.includes(each)),
    udp: {
      app: isMesh ? sent : [8080],
      upstream: isMesh ? [...sent, ...proxyPorts] : [53, 443, 8600],
      client: isMesh ? [] : [53],
    },
  };
}

function shapeWith(proxy: Owner, proxyPorts: readonly number[]): PodShape {
  const shape = shapeOf({ proxyUid: [`${proxy.uid}`], proxyGid: [`${proxy.gid}`], proxyPort: proxyPorts[0] ?? 15001 });
  return takingDatagrams(shape, proxyPorts);
}

function flowOf(text: string, { addresses, proxy, proxyPorts }: Recording): Flow {
  const shape = shapeWith(proxy, proxyPorts);
  const parsed = parseFlowText(text, shape);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  return resolveFlow(parsed.value, ADDRESSES[addresses], shape);
}

/** Says what the recording says: its mesh part does not tell silence from an answer that came from elsewhere. */
function describeLanding({ kind, host, address, port, replyFrom }: Landing, { addresses }: Recording): string {
  if (kind === "listener")
    return `${host === "pod" ? "" : "peer:"}${port} at ${renderEndpoint(address ?? "", port ?? 0)}`;
  if (addresses === "mesh" && (kind === "timed-out" || kind === "unanswered")) return "timeout";
  return replyFrom === undefined ? kind : `${kind} from ${replyFrom}`;
}

describe("the simulator lands datagrams where the kernel did, under the rules of", () => {
  test.each(cases)("$name", (recording) => {
    const flows = Object.keys(recording.rows).map((text) => flowOf(text, recording));
    const rules = {
      ip: readRules(recording.ip, 4),
      ip6: readRules(recording.ip6, 6),
      policyRouting: NO_POLICY_ROUTING,
    };
    const pod = compilePod(rules, makeSpec(recording, flows), ADDRESSES[recording.addresses]);
    const landings = flows.map((flow) => [
      renderFlowText(flow.spec),
      describeLanding(pod.land(flow, "answer"), recording),
    ]);
    expect(Object.fromEntries(landings)).toEqual(recording.rows);
  });
});
