import { type Family, parseNetwork } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { SplitPoints } from "../model/split-points.ts";
import { networkRanges, type ValueRanges } from "../model/value-ranges.ts";

/** Gives the values that a config names: at these what it demands may change. */
export function cutsOfConfig(config: CaptureConfig, family: Family): SplitPoints {
  const lists = [config.inboundPortsInclude, config.inboundPortsExclude, config.outboundPortsExclude];
  const ranges = [config.outboundIpRangesInclude, config.outboundIpRangesExclude].flatMap((list) =>
    list === "*" ? [] : list,
  );
  const networks = ranges.map(parseNetwork).filter((network) => network !== null);
  return {
    addresses: networks.filter((network) => network.family === family).flatMap(networkRanges),
    ports: [...lists.flatMap((list) => (list === "*" ? [] : list)).map((entry) => toRange(entry, ":")), [22n, 22n]],
    ids: [...config.proxyUid, ...config.proxyGid].map((entry) => toRange(entry, "-")),
  };
}

function toRange(entry: string, separator: string): ValueRanges[number] {
  const [first = "0", last = first] = entry.split(separator);
  return [BigInt(first), BigInt(last)];
}
