import { renderEndpoint } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { entryRange, listedPorts } from "./intent-lists.ts";
import { APP_PORT, type Names } from "./intent-names.ts";
import { SSH_PORT } from "./interception.ts";

/** Gives flows to the pod's own addresses from inside: loopback, the pod's address, the proxy's own ports, what is excluded elsewhere. */
export function ownAddressFlows(
  config: CaptureConfig,
  { suffix, family, workload, openPort }: Names,
): readonly string[] {
  const own = [config.proxyPort, config.inboundCapturePort];
  const excluded = [...config.inboundPortsExclude, ...config.outboundPortsExclude].map(
    (entry) => entryRange(entry).first,
  );
  const loopbacks = family === 4 ? ["127.0.0.2", "127.0.0.6", "127.255.255.254"] : ["::6"];
  // To ::6 the kernel would choose ::6 itself as the source, and that is the pass-through's.
  const caller = family === 4 ? workload : `${workload}@::1`;
  return [
    ...[APP_PORT, ...own].flatMap((port) =>
      [workload, "envoy"].flatMap((actor) =>
        ["localhost", "pod"].map((target) => `${actor} -> ${target}${suffix}:${port}`),
      ),
    ),
    ...[SSH_PORT, openPort, 1, 65535, ...excluded].map((port) => `${workload} -> pod${suffix}:${port}`),
    ...loopbacks.flatMap((address) => [
      ...[APP_PORT, openPort].map((port) => `${caller} -> ${renderEndpoint(address, port)}`),
      `envoy -> ${renderEndpoint(address, openPort)}`,
    ]),
    `root -> localhost${suffix}:${APP_PORT}`,
  ];
}

/** Gives flows from the pass-through's address and its neighbours. On IPv6 lo has no other address than ::1 beside it. */
export function passThroughFlows(config: CaptureConfig, names: Names): readonly string[] {
  const { suffix, family, workload, openPort, captured, capturesAny, port } = names;
  // IPv4 lets no socket with a loopback address connect to elsewhere; without capture nothing would find back to ::6.
  const elsewhere = family === 6 && capturesAny ? [`${workload}@::6 -> ${captured}:${port}`] : [];
  const [through, ...neighbours] = family === 4 ? ["127.0.0.6", "127.0.0.5", "127.0.0.7", "127.0.0.1"] : ["::6", "::1"];
  const secondLoopbackPorts = [APP_PORT, ...listedPorts(config).slice(0, 1)];
  return [
    ...["envoy", workload, "root"].map((actor) => `${actor}@${through} -> pod${suffix}:${APP_PORT}`),
    `envoy@${through} -> pod${suffix}:1`,
    ...elsewhere,
    `envoy@${through} -> localhost${suffix}:${openPort}`,
    ...(family === 4 ? secondLoopbackPorts.map((dialled) => `envoy@${through} -> 127.0.0.2:${dialled}`) : []),
    `envoy@${through} -> localhost${suffix}:${APP_PORT}`,
    ...neighbours.map((source) => `envoy@${source} -> pod${suffix}:${APP_PORT}`),
    ...[through, ...neighbours].map((source) => `${workload}@${source} -> pod${suffix}:${openPort}`),
    ...neighbours.map((source) => `envoy@${source} -> pod${suffix}:${openPort}`),
  ];
}
