import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import type { MeshInput, ReadSettings, SettingOrigin } from "../mesh.ts";
import { readSwitch } from "../option-words.ts";
import { type Note, readId, readPort } from "../values.ts";
import { readNetworks, readUidExclusions, readVirtualNetworks } from "./exclusions.ts";
import { readGiven } from "./given.ts";
import { KUMA_OPTIONS } from "./options.ts";
import type { Direction, KumaSettings } from "./settings.ts";
import { warn } from "./warnings.ts";

const DEFAULT_UID = "5678";
const MAX_LOG_LEVEL = 7;

/** Reads what kumactl install transparent-proxy reads: flags, and a file with variables; all findings at once. */
export function readKuma(input: MeshInput): Parsed<ReadSettings<KumaSettings>> {
  const { given, asksForHelp, findings: found } = readGiven(input);
  const findings: Finding[] = [...found];
  const noteFor =
    (setting: string): Note =>
    (message) =>
      void findings.push(finding(given.get(setting)?.where ?? setting, message));
  const last = (setting: string) => given.get(setting)?.texts.at(-1);
  const isOn = (setting: string, otherwise = false): boolean => {
    const text = last(setting);
    if (text === undefined) return otherwise;
    const read = readSwitch(text);
    if (read === null) noteFor(setting)(`"${text}" is not a valid value; write true or false.`);
    return read === "on";
  };
  const port = (setting: string, otherwise: number): number => {
    const text = last(setting);
    return text === undefined ? otherwise : (readPort(text, noteFor(setting)) ?? otherwise);
  };
  const ports = (setting: string): readonly number[] =>
    (last(setting) ?? "")
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "")
      .flatMap((entry) => readPort(entry, noteFor(setting)) ?? []);
  const texts = (setting: string) => given.get(setting)?.texts ?? [];
  const direction = (name: "inbound" | "outbound", otherwise: number): Direction => ({
    redirect: isOn(`redirect.${name}.enabled`, true) ? "on" : "off",
    port: port(`redirect.${name}.port`, otherwise),
    includePorts: ports(`redirect.${name}.includePorts`),
    excludePorts: ports(`redirect.${name}.excludePorts`),
    excludeNetworks: readNetworks(
      texts(`redirect.${name}.excludePortsForIPs`),
      noteFor(`redirect.${name}.excludePortsForIPs`),
    ),
    jump: isOn(`redirect.${name}.insertRedirectInsteadOfAppend`) ? "insert" : "append",
  });
  const [redirectsDns, redirectsAllDns] = [isOn("redirect.dns.enabled"), isOn("redirect.dns.captureAll")];
  const byFlag = (setting: string) => given.get(setting)?.origin.kind === "flag";
  if (redirectsDns && redirectsAllDns && byFlag("redirect.dns.enabled") && byFlag("redirect.dns.captureAll"))
    findings.push(
      codedFinding(
        "conflict",
        "--redirect-dns",
        "It cannot be combined with --redirect-all-dns-traffic; remove one of the two.",
      ),
    );
  const settings: KumaSettings = {
    proxyUid: readUser(last("kumaDPUser") || DEFAULT_UID, input.names.user, noteFor("kumaDPUser")),
    families: readFamilies(last("ipFamilyMode"), noteFor("ipFamilyMode")),
    inbound: direction("inbound", 15006),
    outbound: direction("outbound", 15001),
    excludeForUids: readUidExclusions(
      texts("redirect.outbound.excludePortsForUIDs"),
      noteFor("redirect.outbound.excludePortsForUIDs"),
    ),
    dns: {
      capture: redirectsAllDns ? "all" : redirectsDns ? "resolvers" : "off",
      port: port("redirect.dns.port", 15053),
      zones: isOn("redirect.dns.skipConntrackZoneSplit") ? "one" : "split",
    },
    virtualNetworks: readVirtualNetworks(texts("redirect.vnet.networks"), noteFor("redirect.vnet.networks")),
    dropInvalid: isOn("dropInvalidPackets") ? "on" : "off",
    logLevel: readLogLevel(isOn("log.enabled"), last("log.level"), noteFor("log.level")),
    comments: isOn("comments.disabled") ? "off" : "on",
  };
  checkToolOptions(last, isOn, noteFor);
  if (findings.length > 0 && !asksForHelp) return { ok: false, findings };
  const purpose = asksForHelp ? "usage" : isOn("dryRun") ? "check" : "apply";
  const origins = Object.fromEntries(
    KUMA_OPTIONS.filter(({ effect }) => effect === "rules").map(({ setting }): [string, SettingOrigin] => [
      setting,
      given.get(setting)?.origin ?? { kind: "default", name: null },
    ]),
  );
  return { ok: true, value: { settings, origins, warnings: warn(settings, last("ipFamilyMode"), input), purpose } };
}

/** A number needs no user of that uid here: the rules may be for another machine. */
function readUser(text: string, lookUp: (name: string) => number | null, note: Note): number {
  if (/^\d+$/.test(text)) return readId(text, note) ?? 0;
  const uid = lookUp(text);
  if (uid === null) note(`No user "${text}" is known here; write the uid.`);
  return uid ?? 0;
}

/** The tool takes any case, and yet only `ipv4` in small letters makes it leave IPv6 out (IPFamilyMode.Set in config.go). */
function readFamilies(text: string | undefined, note: Note): KumaSettings["families"] {
  if (text === undefined || text === "" || text.toLowerCase() === "dualstack") return "dualstack";
  if (text.toLowerCase() !== "ipv4") note(`"${text}" is not allowed here; use dualstack or ipv4.`);
  return text === "ipv4" ? "ipv4" : "dualstack";
}

function readLogLevel(isOn: boolean, text: string | undefined, note: Note): number | null {
  const level = text === undefined ? MAX_LOG_LEVEL : /^\d$/.test(text) ? Number(text) : Number.NaN;
  if (level <= MAX_LOG_LEVEL) return isOn ? level : null;
  note(`"${text}" is not a level of the kernel's log; use 0 to ${MAX_LOG_LEVEL}.`);
  return null;
}

/** Options that change no rule are read too, so far as a wrong value would end the tool. */
function checkToolOptions(
  last: (setting: string) => string | undefined,
  isOn: (setting: string) => boolean,
  noteFor: (setting: string) => Note,
): void {
  for (const { setting, shape } of KUMA_OPTIONS.filter(({ effect }) => effect === "tool")) {
    const text = last(setting);
    if (shape === "switch") isOn(setting);
    if (shape === "count" && text !== undefined && !/^(\d+|0x[\da-f]+)$/i.test(text))
      noteFor(setting)(`"${text}" is not a number of 0 or more.`);
  }
}
