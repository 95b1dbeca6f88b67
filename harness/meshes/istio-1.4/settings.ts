import type { Family } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { NameLookups } from "../../model/name-lookups.ts";
import type { CaptureConfig } from "./config.ts";
import {
  DEFAULT_INBOUND_CAPTURE_PORT,
  DEFAULT_PROXY_ID,
  DEFAULT_PROXY_PORT,
  DEFAULT_TPROXY_MARK,
  DEFAULT_TPROXY_ROUTE_TABLE,
} from "./defaults.ts";
import { type ColumnNote, findGiven, findVariable, type Given, makeNote, type Origin, type Places } from "./given.ts";
import { readInterfaces } from "./interfaces.ts";
import { readMark, readRouteTable } from "./numbers.ts";
import { CAPTURE_FLAGS, type SettingName } from "./options.ts";
import { readOwners } from "./owners.ts";
import { readNamedPort, readPorts } from "./ports.ts";
import { readRanges } from "./ranges.ts";
import { warnOfLoopbackValue } from "./warnings.ts";

/** The settings of a capture config. */
export type Settings = Pick<CaptureConfig, SettingName>;

/** Settings, with where each came from and what is worth a warning. */
export interface SettingsWithOrigins {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingName, Origin>>;
  readonly warnings: readonly Finding[];
}

const DEFAULT: Origin = { kind: "default" };
const DEFAULT_USER = "istio-proxy";

/**
 * Reads every setting from the strongest place that has it; what is wrong goes to `findings`, and the setting then has its default. The
 * pod's addresses say which ranges are worth a warning.
 */
export function readSettings(
  places: Places,
  names: NameLookups,
  podIps: readonly string[],
  findings: Finding[],
): SettingsWithOrigins {
  const warnings: Finding[] = [];
  const given = new Map(CAPTURE_FLAGS.map(({ setting }) => [setting, findGiven(setting, places)]));
  const text = (setting: SettingName) => given.get(setting)?.text ?? "";
  const note = (setting: SettingName): ColumnNote => makeNote(given.get(setting)?.origin ?? DEFAULT, findings);
  const warn = (setting: SettingName): ColumnNote =>
    makeNote(given.get(setting)?.origin ?? DEFAULT, warnings, "differs-from-original");
  const ports = (setting: SettingName) => readPorts(text(setting), names.service, note(setting), warn(setting));
  const families: readonly Family[] = isIpv6Pod({ podIps }) ? [4, 6] : [4];
  const ranges = (setting: SettingName) => readRanges(text(setting), families, note(setting), warn(setting));
  const number = <T>(
    setting: SettingName,
    byDefault: T,
    read: (value: string, note: ColumnNote, warn: ColumnNote) => T | null,
  ): T => {
    const value = given.get(setting);
    // An empty variable means the default; an empty flag is a mistake.
    return !value || (value.text === "" && value.origin.kind !== "flag")
      ? byDefault
      : (read(value.text, note(setting), warn(setting)) ?? byDefault);
  };
  const port = (value: string, noteIt: ColumnNote, warnOfIt: ColumnNote) =>
    readNamedPort(value, names.service, noteIt, warnOfIt);
  const owners = readProxyOwners(places, names, findings);
  const settings: Settings = {
    proxyPort: number("proxyPort", DEFAULT_PROXY_PORT, port),
    inboundCapturePort: number("inboundCapturePort", DEFAULT_INBOUND_CAPTURE_PORT, port),
    proxyUid: owners.proxyUid,
    proxyGid: owners.proxyGid,
    interceptionMode: readMode(text("interceptionMode"), note("interceptionMode")),
    inboundPortsInclude: text("inboundPortsInclude") === "*" ? "*" : ports("inboundPortsInclude"),
    inboundPortsExclude: ports("inboundPortsExclude"),
    outboundIpRangesInclude: text("outboundIpRangesInclude") === "*" ? "*" : ranges("outboundIpRangesInclude"),
    outboundIpRangesExclude: ranges("outboundIpRangesExclude"),
    outboundPortsExclude: ports("outboundPortsExclude"),
    kubevirtInterfaces: readInterfaces(
      text("kubevirtInterfaces"),
      note("kubevirtInterfaces"),
      warn("kubevirtInterfaces"),
    ),
    tproxyMark: number("tproxyMark", DEFAULT_TPROXY_MARK, readMark),
    tproxyRouteTable: number("tproxyRouteTable", DEFAULT_TPROXY_ROUTE_TABLE, (value, noteIt) =>
      readRouteTable(value, names.routeTable, noteIt),
    ),
    loopbackCapture: text("loopbackCapture") === "" ? "on" : "off",
  };
  return {
    settings,
    origins: { ...originsOf(given), ...owners.origins },
    warnings: [...warnings, ...owners.warnings, ...warnOfLoopback(given)],
  };
}

function warnOfLoopback(given: ReadonlyMap<SettingName, Given | null>): readonly Finding[] {
  const value = given.get("loopbackCapture");
  return value ? warnOfLoopbackValue(value.text, value.origin) : [];
}

function originsOf(given: ReadonlyMap<SettingName, Given | null>): Record<SettingName, Origin> {
  const entries = CAPTURE_FLAGS.map(({ setting }) => [setting, given.get(setting)?.origin ?? DEFAULT]);
  return Object.fromEntries(entries) as Record<SettingName, Origin>;
}

function readMode(text: string, note: ColumnNote): CaptureConfig["interceptionMode"] {
  if (text === "TPROXY") return "TPROXY";
  if (text !== "REDIRECT" && text !== "") {
    note(
      `"${text}" is not an interception mode; write REDIRECT or TPROXY, in capitals. (The original silently uses REDIRECT.)`,
    );
  }
  return "REDIRECT";
}

/**
 * The uids are those of `-u`; else that of the user ENVOY_USER or istio-proxy, else 1337, and 0 beside it. The gids are those of `-g`; else
 * the very text of the uids, names included, read as groups.
 */
function readProxyOwners(places: Places, names: NameLookups, findings: Finding[]) {
  const uid = nonEmpty(findGiven("proxyUid", { ...places, files: [], environment: {} }));
  const gid = nonEmpty(findGiven("proxyGid", places));
  const user = nonEmpty(findVariable("ENVOY_USER", places));
  const userUid = names.user(user?.text ?? DEFAULT_USER);
  const uidText = uid?.text ?? `${userUid ?? DEFAULT_PROXY_ID},0`;
  const uidOrigin = uid?.origin ?? user?.origin ?? DEFAULT;
  const known = findings.length;
  const warnings: Finding[] = [];
  const proxyUid = readOwners(
    uidText,
    "uid",
    names.user,
    makeNote(uidOrigin, findings),
    makeNote(uidOrigin, warnings, "differs-from-original"),
  );
  const gidOrigin: Origin = gid?.origin ?? { kind: "copy", of: "proxyUid" };
  const gidNote: ColumnNote = gid
    ? makeNote(gid.origin, findings)
    : (message, column) =>
        makeNote(uidOrigin, findings)(`Without -g the gids are a copy of the uids. ${message} Give -g.`, column);
  // What is to be said of the uids is said once, and not of their copy again.
  const gidWarn: ColumnNote = gid ? makeNote(gid.origin, warnings, "differs-from-original") : () => {};
  const isCopyOfFaults = !gid && findings.length > known;
  const proxyGid = isCopyOfFaults ? [] : readOwners(gid?.text ?? uidText, "gid", names.group, gidNote, gidWarn);
  if (!uid && user && userUid === null) {
    const message = `No user "${user.text}" is known here; landfall uses ${DEFAULT_PROXY_ID}, like the original.`;
    warnings.push(codedFinding("unknown-name", "ENVOY_USER", message));
  }
  return { proxyUid, proxyGid, origins: { proxyUid: uidOrigin, proxyGid: gidOrigin }, warnings };
}

function nonEmpty(given: Given | null): Given | null {
  return given?.text === "" ? null : given;
}
