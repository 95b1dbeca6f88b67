import { entryRange } from "../meshes/istio-1.4/lists.ts";
import type { CaptureConfig } from "../model/capture-config.ts";

export { entryRange, listHolds, networksOf, rangesHold } from "../meshes/istio-1.4/lists.ts";

/** Gives the first port of each entry that a list captures inbound; none where all ports are captured. */
export function listedPorts({ inboundPortsInclude }: Pick<CaptureConfig, "inboundPortsInclude">): readonly number[] {
  return inboundPortsInclude === "*" ? [] : inboundPortsInclude.map((entry) => entryRange(entry).first);
}
