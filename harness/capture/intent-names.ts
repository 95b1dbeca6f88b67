import type { Family } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import { APP_ID, type SandboxAddresses } from "../model/pod.ts";
import { addressBoundaries } from "./intent-boundaries.ts";
import { listHolds, rangesHold } from "./intent-lists.ts";
import { isProxyOwner, SSH_PORT } from "./interception.ts";

/** A port of the app that stands for every ordinary one. */
export const APP_PORT = 8080;
/** Addresses far apart that stand for everything elsewhere. */
const FAR: Readonly<Record<Family, readonly string[]>> = {
  4: ["1.0.0.0", "10.96.0.1", "223.255.255.255"],
  6: ["2000::", "2001:db8::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
};

/** What flows of one family are written with. */
export interface Names {
  readonly family: Family;
  /** `""` or `"6"`, behind the names of hosts. */
  readonly suffix: "" | "6";
  /** An id that is not left alone, as uid or as gid, and an actor in the pod that has it. */
  readonly stranger: number;
  readonly workload: string;
  /** A port that is left alone neither outbound nor, with a list of ports, captured inbound. */
  readonly port: number;
  /** A port that is not captured inbound, of the app if there is one. */
  readonly openPort: number;
  /** A target elsewhere that the workload's calls to are captured, if there is any, else upstream. */
  readonly captured: string;
  /** Whether calls to it are. */
  readonly capturesAny: boolean;
}

/** Gives what the flows of a config and family are written with. */
export function namesOf(family: Family, config: CaptureConfig, addresses: SandboxAddresses): Names {
  const suffix = family === 6 ? "6" : "";
  const stranger = [APP_ID, 2000, 3000, 4000, 5000].find((id) => !isProxyOwner(config, { uid: id, gid: id })) ?? APP_ID;
  const isOpen = (port: number) => config.inboundPortsInclude !== "*" && !listHolds(config.inboundPortsInclude, port);
  const free = [80, 443, 7000, 9000, 10000].filter((port) => !listHolds(config.outboundPortsExclude, port));
  const captured = elsewhere(config, family, addresses).find((address) => isCaptured(config, address, family));
  const isUpstreamCaptured = isCaptured(config, addresses.upstream[family], family);
  return {
    family,
    suffix,
    stranger,
    workload: stranger === APP_ID ? "app" : `uid=${stranger},gid=${stranger}`,
    port: free.find(isOpen) ?? free[0] ?? 80,
    openPort: [SSH_PORT, APP_PORT, 7000, 9000].find(isOpen) ?? SSH_PORT,
    captured: isUpstreamCaptured || captured === undefined ? `upstream${suffix}` : renderHost(captured),
    capturesAny: isUpstreamCaptured || captured !== undefined,
  };
}

function isCaptured(config: CaptureConfig, address: string, family: Family): boolean {
  const { outboundIpRangesInclude: include, outboundIpRangesExclude: exclude } = config;
  return rangesHold(include, address, family) && !rangesHold(exclude, address, family);
}

function renderHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

/** Gives addresses elsewhere: far apart, and at every boundary of the included and excluded ranges. */
export function elsewhere(config: CaptureConfig, family: Family, addresses: SandboxAddresses): readonly string[] {
  const { outboundIpRangesInclude: include, outboundIpRangesExclude: exclude } = config;
  return [...FAR[family], ...addressBoundaries([...(include === "*" ? [] : include), ...exclude], family, addresses)];
}
