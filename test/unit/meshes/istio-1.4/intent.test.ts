import { describe, expect, test } from "vitest";
import { findExpectation } from "../../../../harness/contract/expectation.ts";
import type { CaptureConfig } from "../../../../harness/meshes/istio-1.4/config.ts";
import { isLanding } from "../../../../harness/model/expectation.ts";
import type { Manner } from "../../../../harness/model/flow.ts";
import { DEFAULT_ADDRESSES } from "../../../../harness/model/pod.ts";
import { captureOf, flowOf, shapeOf } from "../../../istio-pod.ts";
import { configOf, describeLanding, specOf } from "./intent-setup.ts";

type Row = readonly [flow: string, landing: string];

function check(changes: Partial<CaptureConfig>, manner: Manner, [flow, landing]: Row): void {
  const config = configOf(changes);
  const intended = findExpectation(
    captureOf(config),
    flowOf(flow, shapeOf(config)),
    manner,
    DEFAULT_ADDRESSES,
    specOf(config),
  );
  if (intended === null || !isLanding(intended)) throw new Error(`nothing is demanded of ${flow}`);
  expect(`${flow}: ${describeLanding(intended)}`).toBe(`${flow}: ${landing}`);
}

const CLAIMS: readonly (readonly [
  claim: string,
  changes: Partial<CaptureConfig>,
  manner: Manner,
  rows: readonly Row[],
])[] = [
  [
    "every inbound port but sshd's and the excluded ones reaches the inbound capture port",
    {},
    "answer",
    [
      ["client -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3"],
      ["client -> pod:1", "envoy-inbound:15006 of 10.244.0.2:1 from 10.244.0.3"],
      ["client -> pod:22", "app:22 from 10.244.0.3"],
      ["client -> pod:15020", "status:15020 from 10.244.0.3"],
      ["upstream -> pod:15021", "envoy-inbound:15006 of 10.244.0.2:15021 from 10.244.0.4"],
    ],
  ],
  [
    "a listed inbound port reaches the proxy port, and exclusions and sshd's port say nothing then",
    { inboundPortsInclude: ["22", "8000:8100"], inboundPortsExclude: ["8080"] },
    "answer",
    [
      ["client -> pod:22", "envoy-outbound:15001 of 10.244.0.2:22 from 10.244.0.3"],
      ["client -> pod:8080", "envoy-outbound:15001 of 10.244.0.2:8080 from 10.244.0.3"],
      ["client -> pod:7999", "refused:7999"],
      ["client -> pod:8101", "refused:8101"],
      ["app -> pod:9000", "envoy-outbound:15001 of 10.244.0.2:9000 from 10.244.0.2"],
    ],
  ],
  [
    "without inbound ports nothing from peers is captured, and calls to the own address reach the proxy port",
    { inboundPortsInclude: [] },
    "answer",
    [
      ["client -> pod:8080", "app:8080 from 10.244.0.3"],
      ["client -> pod:81", "refused:81"],
      ["app -> pod:81", "envoy-outbound:15001 of 10.244.0.2:81 from 10.244.0.2"],
    ],
  ],
  [
    "TPROXY takes what arrives at the proxy port under the address dialled, also over lo",
    { interceptionMode: "TPROXY" },
    "answer",
    [
      ["client -> pod:8080", "envoy-outbound:15001 of 10.244.0.2:8080 from 10.244.0.3"],
      ["client -> pod:15001", "envoy-outbound:15001 from 10.244.0.3"],
      ["client -> pod:15006", "envoy-outbound:15001 of 10.244.0.2:15006 from 10.244.0.3"],
      ["client -> pod:22", "app:22 from 10.244.0.3"],
      ["app -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2"],
      ["envoy@127.0.0.6 -> pod:8080", "envoy-outbound:15001 of 10.244.0.2:8080 from 127.0.0.6"],
      ["envoy@127.0.0.6 -> localhost:8080", "app:8080 from 127.0.0.6"],
    ],
  ],
  [
    "the proxy's owners reach elsewhere and loopback themselves, by uid or by gid",
    { proxyUid: ["1337", "2000-2002"], proxyGid: ["1338"] },
    "answer",
    [
      ["app -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2"],
      ["uid=2002,gid=1 -> upstream:80", "upstream:80 from 10.244.0.2"],
      ["uid=2003,gid=1 -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2"],
      ["uid=1,gid=1338 -> upstream:80", "upstream:80 from 10.244.0.2"],
      ["root -> upstream:80", "envoy-outbound:15001 of 10.244.0.4:80 from 10.244.0.2"],
      ["uid=2002,gid=1 -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2"],
    ],
  ],
  [
    "127.0.0.1 is left alone, other own addresses are captured, and only the pass-through's calls to them are not",
    {},
    "answer",
    [
      ["app -> localhost:8080", "app:8080 from 127.0.0.1"],
      ["app -> localhost:15001", "envoy-outbound:15001 from 127.0.0.1"],
      ["app -> pod:15006", "envoy-inbound:15006 of 10.244.0.2:15006 from 10.244.0.2"],
      ["client -> pod:15006", "envoy-inbound:15006 from 10.244.0.3"],
      ["app -> 127.0.0.6:8080", "envoy-inbound:15006 of 127.0.0.6:8080 from 127.0.0.1"],
      ["envoy -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.2"],
      ["envoy@127.0.0.6 -> pod:8080", "app:8080 from 127.0.0.6"],
      ["envoy@127.0.0.7 -> pod:8080", "envoy-inbound:15006 of 10.244.0.2:8080 from 127.0.0.7"],
      ["envoy@127.0.0.6 -> pod:81", "refused:81"],
    ],
  ],
  [
    "with loopback capture off a call to the own address is like any other outbound one",
    { loopbackCapture: "off" },
    "answer",
    [
      ["app -> pod:8080", "envoy-outbound:15001 of 10.244.0.2:8080 from 10.244.0.2"],
      ["envoy -> pod:8080", "app:8080 from 10.244.0.2"],
    ],
  ],
  [
    "included ranges except the excluded ones reach the proxy port, and excluded ports are never captured",
    {
      outboundIpRangesInclude: ["10.96.0.0/16"],
      outboundIpRangesExclude: ["10.96.8.0/24"],
      outboundPortsExclude: ["80", "9000:9001"],
    },
    "answer",
    [
      ["app -> 10.96.0.1:443", "envoy-outbound:15001 of 10.96.0.1:443 from 10.244.0.2"],
      ["app -> 10.96.8.1:443", "unreachable"],
      ["app -> 10.96.0.1:80", "upstream:80 from 10.244.0.2"],
      ["app -> upstream:8080", "upstream:8080 from 10.244.0.2"],
      ["app -> upstream:81", "refused:81"],
      ["app -> pod:9001", "refused:9001"],
      ["app -> pod:9002", "envoy-inbound:15006 of 10.244.0.2:9002 from 10.244.0.2"],
      ["app -> client:9090", "client:9090 from 10.244.0.2"],
    ],
  ],
  [
    "an IPv4 pod lets nothing in over IPv6 but by ::1, and everything out",
    {},
    "answer",
    [
      ["client6 -> pod6:8080", "refused:8080"],
      ["vm6 -> pod6:8080", "refused:8080"],
      ["app -> pod6:8080", "timed-out"],
      ["app -> localhost6:8080", "app:8080 from ::1"],
      ["app -> upstream6:80", "upstream:80 from fd00:244::2"],
    ],
  ],
  [
    "an IPv6 pod captures IPv6 as IPv4, always by REDIRECT, always with loopback",
    { podIps: ["fd00:244::2"], interceptionMode: "TPROXY", loopbackCapture: "off" },
    "answer",
    [
      ["client6 -> pod6:8080", "envoy-inbound:15006 of [fd00:244::2]:8080 from fd00:244::3"],
      ["app -> [2001:db8::1]:80", "envoy-outbound:15001 of [2001:db8::1]:80 from fd00:244::2"],
      ["app -> pod6:8080", "envoy-inbound:15006 of [fd00:244::2]:8080 from fd00:244::2"],
      ["envoy@::6 -> pod6:8080", "app:8080 from ::6"],
      ["client -> pod:8080", "envoy-outbound:15001 of 10.244.0.2:8080 from 10.244.0.3"],
    ],
  ],
  [
    "a virtual machine's traffic is outbound, wherever it goes",
    { kubevirtInterfaces: ["vm0"], outboundIpRangesInclude: ["10.96.0.0/16", "10.244.0.2/32"], podIps: ["10.244.0.2"] },
    "answer",
    [
      ["vm -> 10.96.0.1:80", "envoy-outbound:15001 of 10.96.0.1:80 from 10.245.0.2"],
      ["vm -> upstream:80", "upstream:80 from 10.245.0.2"],
      ["vm -> pod:22", "envoy-outbound:15001 of 10.244.0.2:22 from 10.245.0.2"],
      ["vm -> pod:15001", "envoy-outbound:15001 of 10.244.0.2:15001 from 10.245.0.2"],
    ],
  ],
  [
    "over IPv6 a virtual machine's traffic is not captured with *, and with a list it is inbound outside the ranges",
    { kubevirtInterfaces: ["vm0"], podIps: ["fd00:244::2"], outboundIpRangesInclude: ["2001:db8::/32"] },
    "answer",
    [
      ["vm6 -> [2001:db8::1]:80", "envoy-outbound:15001 of [2001:db8::1]:80 from fd00:245::2"],
      ["vm6 -> upstream6:80", "envoy-inbound:15006 of [fd00:244::4]:80 from fd00:245::2"],
      ["vm6 -> upstream6:22", "refused:22"],
    ],
  ],
  [
    "the stub dials on as the pass-through from the inbound port, as the pod to elsewhere, and closes what is meant for itself",
    {},
    "forward",
    [
      ["client -> pod:8080", "app:8080 from 127.0.0.6 via envoy-inbound:15006"],
      ["client -> pod:81", "refused:81 via envoy-inbound:15006"],
      ["app -> upstream:80", "upstream:80 from 10.244.0.2 via envoy-outbound:15001"],
      ["client -> pod:15001", "envoy-inbound:15006 of 10.244.0.2:15001 from 10.244.0.3"],
      ["envoy -> localhost:15001", "envoy-outbound:15001 from 127.0.0.1"],
      ["app -> upstream:15001", "refused:15001 via envoy-outbound:15001"],
    ],
  ],
  [
    "from the outbound port the stub dials the pod's own address as 127.0.0.1",
    { interceptionMode: "TPROXY" },
    "forward",
    [
      ["client -> pod:8080", "app:8080 from 127.0.0.1 via envoy-outbound:15001"],
      ["app -> pod:8080", "app:8080 from 127.0.0.1 via envoy-inbound:15006,envoy-outbound:15001"],
    ],
  ],
];

describe("a capture config demands that", () => {
  test.each(CLAIMS)("%s", (_claim, changes, manner, rows) => {
    for (const row of rows) check(changes, manner, row);
  });

  test("connections of a proxy whose owner the config does not exempt go round until they count as a loop", () => {
    const config = configOf();
    const own = specOf(config);
    const proxies = own.shape.proxies.map((proxy) => ({ ...proxy, runsAs: { uid: 99, gid: 99, mark: 0 } }));
    const spec = { ...own, shape: { ...own.shape, proxies } };
    const landing = findExpectation(
      captureOf(config),
      flowOf("app -> upstream:80", shapeOf(config)),
      "forward",
      DEFAULT_ADDRESSES,
      spec,
    );
    expect(landing?.kind).toBe("loop");
    expect(landing?.hops.map((hop) => `${hop.listener} ${hop.originalDestination}`)).toEqual(
      Array.from({ length: 8 }, () => "envoy-outbound 10.244.0.4:80"),
    );
  });
});
