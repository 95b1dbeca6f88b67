import { describe, expect, test } from "vitest";
import type { CaptureConfig } from "../../../../harness/meshes/istio-1.4/config.ts";
import { renderFlowText } from "../../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../../harness/model/pod.ts";
import { listBoundaryFlows } from "../../../../harness/run/scenario/bound-scenario.ts";
import { captureOf, shapeOf } from "../../../istio-pod.ts";
import { configOf } from "./intent-setup.ts";

function textsOf(changes: Partial<CaptureConfig>): readonly string[] {
  return listBoundaryFlows(captureOf(configOf(changes)), DEFAULT_ADDRESSES).map(
    ({ flow, manner }) => `${manner} ${renderFlowText(flow.spec)}`,
  );
}

const CLAIMS: readonly (readonly [claim: string, changes: Partial<CaptureConfig>, flows: readonly string[]])[] = [
  [
    "each inbound port and both its neighbours",
    { inboundPortsExclude: ["8000:8002"] },
    ["client -> pod:7999", "client -> pod:8000", "client -> pod:8002", "client -> pod:8003", "client -> pod:21"],
  ],
  [
    "first, last and outside neighbours of each network",
    { outboundIpRangesInclude: ["172.30.0.0/16"], outboundIpRangesExclude: ["172.30.1.0/24"] },
    [
      ...["172.29.255.255", "172.30.0.0", "172.30.255.255", "172.31.0.0"].map((address) => `app -> ${address}:80`),
      ...["172.30.0.255", "172.30.1.0", "172.30.1.255", "172.30.2.0"].map((address) => `app -> ${address}:80`),
    ],
  ],
  [
    "each owner on its own, both together, and their neighbours",
    { proxyUid: ["1500-1510"], proxyGid: ["0"] },
    [
      "envoy -> upstream:80",
      ...[1499, 1500, 1510, 1511].map((uid) => `uid=${uid},gid=1000 -> upstream:80`),
      ...[0, 1].map((gid) => `uid=1000,gid=${gid} -> upstream:80`),
    ],
  ],
  [
    "the proxy's own ports from outside and inside",
    {},
    [
      "client -> pod:15001",
      "client -> pod:15006",
      "envoy -> localhost:15001",
      "envoy -> pod:15006",
      "app -> localhost:15006",
    ],
  ],
  [
    "outbound ports and both neighbours, by a workload that is captured, at a port that is",
    { outboundPortsExclude: ["80"], proxyUid: ["1000"], proxyGid: ["1337"] },
    [79, 80, 81].map((port) => `uid=2000,gid=2000 -> upstream:${port}`),
  ],
  [
    "calls of every kind inside the pod, where nothing else is captured",
    { inboundPortsInclude: [], outboundIpRangesInclude: [], proxyUid: ["0"], proxyGid: ["0"] },
    ["app@127.0.0.6 -> pod:8080", "envoy@127.0.0.7 -> pod:8080", "envoy -> 127.0.0.2:8080"],
  ],
  [
    "IPv6 on an IPv6 pod",
    { podIps: ["fd00::1"], outboundIpRangesInclude: ["2001:db8:8::/48"] },
    ["client6 -> pod6:8080", "envoy@[::6] -> pod6:8080", "app -> [2001:db8:8::]:80", "app -> [2001:db8:9::]:80"],
  ],
];

describe("the flows of a config", () => {
  test.each(CLAIMS)("include %s", (_claim, changes, flows) => {
    expect(textsOf(changes)).toEqual(expect.arrayContaining(flows.map((flow) => `answer ${flow}`)));
  });

  test("occur once each, and are the same every time", () => {
    const texts = textsOf({ outboundPortsExclude: ["80", "80"] });
    expect(texts).toEqual([...new Set(texts)]);
    expect(texts).toEqual(textsOf({ outboundPortsExclude: ["80", "80"] }));
  });

  test("include one of each kind that reaches the stub in the manner forward", () => {
    expect(textsOf({}).filter((text) => text.startsWith("forward"))).toEqual([
      "forward client -> pod:8080",
      "forward client -> pod:15001",
      "forward upstream -> pod:8080",
      "forward app -> upstream:80",
      "forward envoy -> pod:8080",
      "forward app -> localhost:15001",
      "forward app -> pod:15001",
    ]);
  });

  test("dial no address that upstream cannot own: loopback, multicast, or of the sandbox's links", () => {
    const ranges = ["10.244.0.0/24", "127.0.0.0/8", "224.0.0.0/4", "0.0.0.0/0", "10.245.0.2/32"];
    const dialled = textsOf({ outboundIpRangesExclude: ranges }).flatMap(
      (text) => / -> (\d[\d.]+):/.exec(text)?.[1] ?? [],
    );
    const elsewhere = ["1.0.0.0", "10.96.0.1", "223.255.255.255", "10.243.255.255", "126.255.255.255", "128.0.0.0"];
    expect(new Set(dialled)).toEqual(
      new Set([...elsewhere, ...["1", "2", "5", "6", "7"].map((last) => `127.0.0.${last}`), "127.255.255.254"]),
    );
  });

  test("run the proxy as the first uid and gid that the config exempts", () => {
    const { proxies } = shapeOf({ proxyUid: ["1500-1510", "0"], proxyGid: ["7"] });
    expect(proxies[0]?.runsAs).toEqual({ uid: 1500, gid: 7, mark: 0 });
  });
});
