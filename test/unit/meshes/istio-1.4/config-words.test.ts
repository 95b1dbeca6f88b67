import { expect, test } from "vitest";
import { parseCapture } from "../../../../harness/meshes/istio-1.4/capture.ts";
import type { CaptureConfig } from "../../../../harness/meshes/istio-1.4/config.ts";
import { renderConfigWords } from "../../../../harness/meshes/istio-1.4/config-words.ts";
import { NO_LOOKUPS } from "../../../../harness/model/name-lookups.ts";
import { configOf } from "./intent-setup.ts";

function readWords(config: CaptureConfig) {
  const { words, environment } = renderConfigWords(config);
  return parseCapture({ words, environment, files: [], names: NO_LOOKUPS, podIps: config.podIps });
}

test.each<readonly [string, Partial<CaptureConfig>]>([
  ["the seed's", {}],
  ["one that captures nothing", { inboundPortsInclude: [], outboundIpRangesInclude: [], inboundPortsExclude: [] }],
  [
    "one of lists",
    {
      proxyUid: ["1337", "2000-2001"],
      proxyGid: ["5"],
      inboundPortsInclude: ["80", "9000:9001"],
      outboundIpRangesInclude: ["10.0.0.0/8"],
      outboundIpRangesExclude: ["10.1.0.0/16"],
      outboundPortsExclude: ["3306"],
      kubevirtInterfaces: ["net1", "net2"],
      proxyPort: 16001,
      inboundCapturePort: 16006,
    },
  ],
  ["one that variables make", { interceptionMode: "TPROXY", tproxyMark: 77, tproxyRouteTable: 99 }],
  ["one without loopback capture", { loopbackCapture: "off" }],
  ["an IPv6 pod's", { podIps: ["fd00:10:244::2"] }],
])("the options rendered from a config parse back to that config: %s", (_, changes) => {
  const read = readWords(configOf(changes));
  expect(read.ok ? read.value.config : read.findings).toEqual(configOf(changes));
});
