import { FAMILIES, parseNetwork } from "../../model/address.ts";
import type { GivenSetting } from "../../model/contract.ts";
import type { CaptureConfig } from "./config.ts";
import { listHolds, rangesHold } from "./lists.ts";

/** Gives the setting that says what is captured; none where nothing is. */
export function includeSetting(option: string, list: "*" | readonly string[]): readonly GivenSetting[] {
  if (list.length === 0) return [];
  return [{ text: `${option} ${list === "*" ? "'*'" : list.join()}`, families: FAMILIES, holds: () => true }];
}

/** Gives every excluded port and range, each by itself: one that is judged says nothing of the others. */
export function listExclusions(config: CaptureConfig): readonly GivenSetting[] {
  const { inboundPortsExclude, outboundPortsExclude, outboundIpRangesExclude } = config;
  return [
    ...inboundPortsExclude.map((port) => portSetting("-d", port, (startedOn) => startedOn !== "pod")),
    ...outboundPortsExclude.map((port) => portSetting("-o", port, (startedOn) => startedOn === "pod")),
    ...outboundIpRangesExclude.map((range): GivenSetting => {
      const network = parseNetwork(range);
      return {
        text: `-x ${range}`,
        families: network === null ? FAMILIES : [network.family],
        holds: ({ startedOn, destination, family }) => startedOn === "pod" && rangesHold([range], destination, family),
      };
    }),
  ];
}

function portSetting(option: string, entry: string, isSide: (startedOn: string) => boolean): GivenSetting {
  return {
    text: `${option} ${entry}`,
    families: FAMILIES,
    holds: ({ startedOn, port }) => isSide(startedOn) && listHolds([entry], port),
  };
}
