import { describe, expect, test } from "vitest";
import { listFixedEnds, type PeerEnds, widenPod } from "../../../harness/analysis/wide-pod.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { configOf, specOf } from "../capture/intent-setup.ts";

type Peers = Pick<PodSpec, "upstreamPorts" | "clientPorts" | "upstreamAddresses">;

/** Asks for a pod whose upstream listens on 80 and 8080 and owns 10.96.0.1 and 2001:db8::1, and whose client listens on 9090. */
function check(ends: Partial<PeerEnds>, expected: Partial<Peers>): void {
  const spec = specOf(configOf());
  const wide = widenPod(spec, { addresses: [], ports: [], ...ends }, DEFAULT_ADDRESSES);
  expect(wide).toEqual({ ...spec, ...expected });
}

describe("a pod wide enough for where flows end", () => {
  test.each<readonly [string, Partial<PeerEnds>, Partial<Peers>]>([
    ["keeps what it has", {}, {}],
    [
      "has peers that both listen on the ports, each once",
      { ports: [443, 80, 443] },
      { upstreamPorts: [80, 8080, 443], clientPorts: [9090, 443, 80] },
    ],
    [
      "has an upstream that owns what nobody has, each once",
      { addresses: ["192.0.2.1", "10.96.0.1", "2001:db8::9", "192.0.2.1"] },
      { upstreamAddresses: ["10.96.0.1", "2001:db8::1", "192.0.2.1", "2001:db8::9"] },
    ],
    [
      "takes no host's address from it",
      { addresses: Object.values(DEFAULT_ADDRESSES).flatMap((host) => [host[4], host[6]]) },
      {},
    ],
    ["leaves loopback addresses alone", { addresses: ["127.0.0.6", "127.9.9.9", "::1", "::6"] }, {}],
  ])("%s", (_, ends, expected) => check(ends, expected));
});

test("rewriting's fixed ends are those that it names itself", () => {
  const ends = listFixedEnds(6, [
    { address: 1n, port: "port" },
    { address: "destination", port: 80 },
    { address: 0x2001_0db8n << 96n, port: 443 },
  ]);
  expect(ends).toEqual({ addresses: ["::1", "2001:db8::"], ports: [80, 443] });
});
