import { describe, expect, test } from "vitest";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { describeTakenPorts, makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf, SHAPE } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

function specOf(flows: readonly string[], config = seedConfig(), listen: readonly number[] = []): PodSpec {
  const resolved = flows.map((text) => {
    const parsed = parseFlowText(text, SHAPE);
    if (!parsed.ok) throw new Error(text);
    return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
  });
  return makePodSpec(captureOf(config), resolved, listen, DEFAULT_ADDRESSES);
}

describe("what must stand in the sandbox", () => {
  const rows: readonly (readonly [string, readonly string[], Partial<PodSpec>])[] = [
    [
      "upstream's ports, each once and sorted",
      ["app -> upstream:443", "app -> upstream6:80", "root -> upstream:443"],
      { upstreamPorts: [80, 443] },
    ],
    ["client's ports", ["app -> client:7", "client -> localhost:8"], { clientPorts: [7, 8], upstreamPorts: [] }],
    [
      "nothing at a peer for the pod's own ports",
      ["client -> pod:1", "app -> localhost:2", "app -> [::6]:3"],
      { upstreamPorts: [], clientPorts: [] },
    ],
    [
      "addresses that only upstream can own",
      ["app -> 10.96.0.1:443", "app -> [2001:db8::1]:80", "app -> 10.244.0.4:80", "app -> 127.0.0.2:80"],
      { upstreamAddresses: ["10.96.0.1", "2001:db8::1"], upstreamPorts: [80, 443] },
    ],
    [
      "those who take datagrams where some flow is one, by the ports that datagrams name",
      ["app -> upstream:53/udp", "app -> upstream:80", "app -> client6:54/udp"],
      { upstreamPorts: [80], clientPorts: [], udp: { app: [22, 8080], upstream: [53], client: [54] } },
    ],
    ["no loopback address of upstream", ["upstream -> 127.0.0.2:80"], { upstreamAddresses: [], upstreamPorts: [80] }],
  ];
  test.each(rows)("%s", (_, flows, expected) => {
    expect(specOf(flows)).toMatchObject(expected);
  });

  test("no UDP listener if no flow is a datagram", () => {
    expect(specOf(["app -> upstream:80"]).udp).toBeUndefined();
  });

  test("no port of the app on which the proxy listens, and a notice for each", () => {
    const config = { ...seedConfig(), proxyPort: 8080, inboundCapturePort: 81 };
    expect(specOf(["client -> pod:1"], config, [81, 82]).listen).toEqual([22, 82]);
    expect(describeTakenPorts(captureOf(config), [81, 82])).toEqual([
      "envoy-inbound listens on 81, so the app does not listen there.",
      "envoy-outbound listens on 8080, so the app does not listen there.",
    ]);
    expect(describeTakenPorts({ shape: SHAPE }, [])).toEqual([]);
  });

  test("the app's ports, and the stub with the owner and the ports of the config", () => {
    const config = {
      ...seedConfig(),
      proxyPort: 1,
      inboundCapturePort: 2,
      proxyUid: ["5-9", "3"],
      proxyGid: ["7"],
      interceptionMode: "TPROXY" as const,
      kubevirtInterfaces: ["tap0"],
    };
    const { shape, ...beside } = specOf(["client -> pod:1"], config, [9, 22]);
    expect(shape.listeners.map(({ name, port, mode }) => [name, port, mode])).toEqual([
      ["envoy-outbound", 1, "transparent"],
      ["envoy-inbound", 2, "transparent"],
      ["status", 15020, "plain"],
    ]);
    expect([shape.proxies[0]?.runsAs, shape.links]).toEqual([{ uid: 5, gid: 7, mark: 0 }, ["tap0"]]);
    expect(beside).toEqual({
      listen: [9, 22, 8080],
      upstreamPorts: [],
      clientPorts: [],
      upstreamAddresses: [],
    });
  });
});
