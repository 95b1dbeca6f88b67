import { listHolds, rangesHold } from "../capture/intent-lists.ts";
import { FAMILIES, type Family, parseNetwork } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { type Flow, startsInPod } from "../model/flow.ts";

/** A setting that a property is about: where it is given, some class of flows must be judged by it. */
export interface PropertySetting {
  /** As it is written: `-x 192.168.0.0/16`. */
  readonly text: string;
  /** Families of which it can hold flows. */
  readonly families: readonly Family[];
  /** Says whether a flow that the property judges is one that the setting is about. */
  readonly holds: (flow: Flow) => boolean;
}

/** Gives the setting that says what is captured; none where nothing is. */
export function includeSetting(option: string, list: "*" | readonly string[]): readonly PropertySetting[] {
  if (list.length === 0) return [];
  return [{ text: `${option} ${list === "*" ? "'*'" : list.join()}`, families: FAMILIES, holds: () => true }];
}

/** Gives every excluded port and range, each by itself: one that is judged says nothing of the others. */
export function listExclusions(config: CaptureConfig): readonly PropertySetting[] {
  const { inboundPortsExclude, outboundPortsExclude, outboundIpRangesExclude } = config;
  return [
    ...inboundPortsExclude.map((port) => portSetting("-d", port, (flow) => !startsInPod(flow))),
    ...outboundPortsExclude.map((port) => portSetting("-o", port, startsInPod)),
    ...outboundIpRangesExclude.map((range): PropertySetting => {
      const network = parseNetwork(range);
      return {
        text: `-x ${range}`,
        families: network === null ? FAMILIES : [network.family],
        holds: (flow) => startsInPod(flow) && rangesHold([range], flow.to.address, flow.family),
      };
    }),
  ];
}

function portSetting(option: string, port: string, isSide: (flow: Flow) => boolean): PropertySetting {
  return {
    text: `${option} ${port}`,
    families: FAMILIES,
    holds: (flow) => isSide(flow) && listHolds([port], flow.to.port),
  };
}
