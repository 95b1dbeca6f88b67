import type { CaptureConfig } from "../../harness/meshes/istio-1.4/config.ts";

const RANGES = ["10.96.0.0/16", "172.16.0.0/12"];
/** Settings of Istio 1.4 whose rules and mutants differ in kind, each with what it changes of the seed's. */
export const CAPTURE_CONFIGS: readonly (readonly [name: string, changes: Partial<CaptureConfig>])[] = [
  ["the seed", {}],
  [
    "TPROXY without loopback capture",
    { interceptionMode: "TPROXY", loopbackCapture: "off", outboundPortsExclude: ["8080"] },
  ],
  [
    "lists",
    {
      inboundPortsInclude: ["80", "8000:8100"],
      outboundIpRangesInclude: RANGES,
      outboundIpRangesExclude: ["10.96.8.0/24"],
      outboundPortsExclude: ["443", "9000:9010"],
    },
  ],
  [
    "virtual machines of an IPv6 pod",
    { kubevirtInterfaces: ["vm0"], podIps: ["fd00::1"], outboundIpRangesInclude: ["2001:db8::/32"] },
  ],
  ["owner lists", { proxyUid: ["1337", "0", "2000-2010"], proxyGid: ["7"] }],
];
