import { describe, expect, test } from "vitest";
import { seedConfig } from "../../../harness/capture/seed-config.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import { describeTakenPorts, makePodSpec } from "../../../harness/run/pod-spec.ts";

function specOf(flows: readonly string[], config = seedConfig(), listen: readonly number[] = []): PodSpec {
  const resolved = flows.map((text) => {
    const parsed = parseFlowText(text);
    if (!parsed.ok) throw new Error(text);
    return resolveFlow(parsed.value, DEFAULT_ADDRESSES, { uid: 1337, gid: 1337 });
  });
  return makePodSpec(config, resolved, listen, DEFAULT_ADDRESSES);
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
      { upstreamPorts: [80], clientPorts: [], udp: { proxy: [], app: [22, 8080], upstream: [53], client: [54] } },
    ],
    [
      "none of upstream's loopback addresses",
      ["upstream -> 127.0.0.2:80"],
      { upstreamAddresses: [], upstreamPorts: [80] },
    ],
  ];
  test.each(rows)("%s", (_, flows, expected) => {
    expect(specOf(flows)).toMatchObject(expected);
  });

  test("nobody who takes datagrams where no flow is one", () => {
    expect(specOf(["app -> upstream:80"]).udp).toBeUndefined();
  });

  test("no port of the app's that the proxy listens on, and a notice for each", () => {
    const config = { ...seedConfig(), proxyPort: 8080, inboundCapturePort: 81 };
    expect(specOf(["client -> pod:1"], config, [81, 82]).listen).toEqual([22, 82]);
    expect(describeTakenPorts(config, [81, 82])).toEqual([
      "The proxy listens on 81 (-z); the app does not listen there.",
      "The proxy listens on 8080 (-p); the app does not listen there.",
    ]);
    expect(describeTakenPorts(seedConfig(), [])).toEqual([]);
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
    expect(specOf(["client -> pod:1"], config, [9, 22])).toEqual({
      proxyPort: 1,
      inboundCapturePort: 2,
      proxy: { uid: 5, gid: 7 },
      interceptionMode: "TPROXY",
      listen: [9, 22, 8080],
      upstreamPorts: [],
      clientPorts: [],
      upstreamAddresses: [],
      kubevirtInterfaces: ["tap0"],
    });
  });
});
