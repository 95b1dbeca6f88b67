import { describe, expect, test } from "vitest";
import { listFixedEnds, type PeerEnds, preparePod, widenPod } from "../../../harness/analysis/pod/wide-pod.ts";
import { parseIptablesSave } from "../../../harness/formats/iptables-save.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { configOf, specOf } from "../meshes/istio-1.4/intent-setup.ts";
import { flowOf } from "../netfilter/setup.ts";

type Peers = Pick<PodSpec, "upstreamPorts" | "clientPorts" | "upstreamAddresses">;

/** Asks for a pod whose upstream listens on 80 and 8080 and owns 10.96.0.1 and 2001:db8::1, and whose client listens on 9090. */
function check(ends: Partial<PeerEnds>, expected: Partial<Peers>): void {
  const spec = specOf(configOf());
  const wide = widenPod(spec, { addresses: [], ports: [], ...ends }, DEFAULT_ADDRESSES);
  expect(wide).toEqual({ ...spec, ...expected });
}

describe("a pod extended by the addresses and listeners that flows end at", () => {
  test.each<readonly [string, Partial<PeerEnds>, Partial<Peers>]>([
    ["keeps what it has", {}, {}],
    [
      "has peers that both listen on the ports, each once",
      { ports: [443, 80, 443] },
      { upstreamPorts: [80, 8080, 443], clientPorts: [9090, 443, 80] },
    ],
    [
      "has an upstream that owns every other address, each once",
      { addresses: ["192.0.2.1", "10.96.0.1", "2001:db8::9", "192.0.2.1"] },
      { upstreamAddresses: ["10.96.0.1", "2001:db8::1", "192.0.2.1", "2001:db8::9"] },
    ],
    [
      "leaves hosts their own addresses; that of a vm is upstream's if there is no vm",
      { addresses: Object.values(DEFAULT_ADDRESSES).flatMap((host) => [host[4], host[6]]) },
      { upstreamAddresses: ["10.96.0.1", "2001:db8::1", "10.245.0.2", "fd00:245::2"] },
    ],
    [
      "gives no host an address that hosts cannot have",
      { addresses: ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "fe80::1", "::ffff:10.0.0.1"] },
      {},
    ],
    ["leaves loopback addresses alone", { addresses: ["127.0.0.6", "127.9.9.9", "::1", "::6"] }, {}],
  ])("%s", (_, ends, expected) => check(ends, expected));
});

test("the fixed end points of a rewriting target are those that it names", () => {
  const ends = listFixedEnds(6, [
    { address: 1n, port: "port" },
    { address: "destination", port: 80 },
    { address: 0x2001_0db8n << 96n, port: 443 },
  ]);
  expect(ends).toEqual({ addresses: ["::1", "2001:db8::"], ports: [80, 443] });
});

describe("a pod prepared for flows and rules", () => {
  const DNAT =
    "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 53 -j DNAT --to-destination 10.1.0.1:5353\nCOMMIT\n";

  function prepare(flows: readonly string[], rules: string | null, kubevirtInterfaces: readonly string[] = []): Peers {
    const parsed = rules === null ? null : parseIptablesSave(rules, { where: "rules", family: 4 });
    const pods = parsed?.ok ? [{ ip: parsed.value, ip6: null, policyRouting: NO_POLICY_ROUTING }] : [];
    const spec = {
      ...specOf(configOf({ kubevirtInterfaces })),
      upstreamPorts: [],
      clientPorts: [],
      upstreamAddresses: [],
    };
    const { upstreamPorts, clientPorts, upstreamAddresses } = preparePod(
      spec,
      { flows: flows.map(flowOf), rules: pods },
      DEFAULT_ADDRESSES,
    );
    return { upstreamPorts, clientPorts, upstreamAddresses };
  }

  test.each<readonly [string, Peers, Parameters<typeof prepare>]>([
    [
      "lets only the dialled peer listen",
      { upstreamPorts: [80], clientPorts: [9], upstreamAddresses: ["192.0.2.1"] },
      [["app -> 192.0.2.1:80", "app -> client:9", "client -> pod:8080"], null],
    ],
    [
      "has upstream own where flows come from",
      { upstreamPorts: [], clientPorts: [], upstreamAddresses: ["10.96.0.9", "192.0.2.7"] },
      [["upstream@10.96.0.9 -> pod:8080", "client@192.0.2.7 -> pod:8080"], null],
    ],
    [
      "has both peers listen, and upstream own, where rules translate to",
      { upstreamPorts: [53, 5353], clientPorts: [53, 5353], upstreamAddresses: ["10.1.0.1", "10.96.0.10"] },
      [["app -> 10.96.0.10:53"], DNAT],
    ],
    [
      "has upstream own the address of a vm that is not there",
      { upstreamPorts: [80], clientPorts: [], upstreamAddresses: ["10.245.0.2"] },
      [["app -> 10.245.0.2:80"], null],
    ],
    [
      "but not that of one that is",
      { upstreamPorts: [], clientPorts: [], upstreamAddresses: [] },
      [["app -> 10.245.0.2:80"], null, ["vm0"]],
    ],
  ])("%s", (_, expected, parts) => expect(prepare(...parts)).toEqual(expected));
});
