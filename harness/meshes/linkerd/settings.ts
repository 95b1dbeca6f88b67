import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import type { Range } from "../../model/match.ts";
import type { MeshInput, ReadSettings, SettingOrigin } from "../mesh.ts";
import { type GivenValue, readOptionWords, readSwitch } from "../option-words.ts";
import { warnOfSharedPorts } from "../shared-ports.ts";
import { readId, readNetwork, readPort, readPortRange, splitList } from "../values.ts";
import { LINKERD_OPTIONS } from "./options.ts";
import { ADMIN_PORT, CONTROL_PORT } from "./ports.ts";

/** What linkerd2-proxy-init is asked for. */
export interface LinkerdSettings {
  /** 1–65535. */
  readonly incomingProxyPort: number;
  readonly outgoingProxyPort: number;
  /** Null: no uid is left alone; the tool takes 0 and -1 for that. */
  readonly proxyUid: number | null;
  readonly proxyGid: number | null;
  /** Inbound ports to redirect; empty: all. */
  readonly portsToRedirect: readonly number[];
  readonly inboundPortsToIgnore: readonly Range[];
  readonly outboundPortsToIgnore: readonly Range[];
  /** Networks as they were written, of either family. */
  readonly subnetsToIgnore: readonly string[];
  readonly ipv6: "on" | "off";
}

/** Reads the words of linkerd2-proxy-init, all findings at once. Files and variables mean nothing to it. */
export function readLinkerd({
  tokens,
  config,
}: Pick<MeshInput, "tokens" | "config">): Parsed<ReadSettings<LinkerdSettings>> {
  const { values, asksForHelp, findings: found } = readOptionWords(tokens, LINKERD_OPTIONS);
  const findings: Finding[] = [...found];
  if (config !== null)
    findings.push(
      codedFinding("unsupported", "--mesh-config", "linkerd2-proxy-init does not read a settings file; use its flags."),
    );
  const place = (setting: string) => values.get(setting)?.flag ?? `--${setting}`;
  const noteFor = (setting: string) => (message: string) => void findings.push(finding(place(setting), message));
  const last = (setting: string) => values.get(setting)?.texts.at(-1);
  const entries = (setting: string) => (values.get(setting)?.texts ?? []).flatMap(splitList);
  const required = (setting: string, flag: string): number => {
    const text = last(setting);
    if (text === undefined && !asksForHelp)
      findings.push(
        codedFinding(
          "missing-value",
          flag,
          `The port is missing, and linkerd2-proxy-init has no default for it; add ${flag} PORT.`,
        ),
      );
    return text === undefined ? 0 : (readPort(text, noteFor(setting)) ?? 0);
  };
  const optionalId = (setting: string): number | null => {
    const text = last(setting);
    if (text === undefined || text === "0" || /^-\d+$/.test(text)) return null;
    return readId(text, noteFor(setting));
  };
  const each = <T>(setting: string, read: (entry: string, note: (message: string) => void) => T | null) =>
    entries(setting).flatMap((entry) => read(entry.trim(), noteFor(setting)) ?? []);
  const settings: LinkerdSettings = {
    incomingProxyPort: required("incomingProxyPort", "--incoming-proxy-port"),
    outgoingProxyPort: required("outgoingProxyPort", "--outgoing-proxy-port"),
    proxyUid: optionalId("proxyUid"),
    proxyGid: optionalId("proxyGid"),
    portsToRedirect: each("portsToRedirect", readPort),
    inboundPortsToIgnore: each("inboundPortsToIgnore", (entry, note) => readPortRange(entry, "-", note)),
    outboundPortsToIgnore: each("outboundPortsToIgnore", (entry, note) => readPortRange(entry, "-", note)),
    subnetsToIgnore: each("subnetsToIgnore", (entry, note) => readNetwork(entry, "refused", note)),
    ipv6: readToggle(last("ipv6"), "on", noteFor("ipv6")),
  };
  findings.push(...findToolFaults(values));
  if (findings.length > 0 && !asksForHelp) return { ok: false, findings };
  const simulates = readToggle(last("simulate"), "off", noteFor("simulate")) === "on";
  const purpose = asksForHelp ? "usage" : simulates ? "check" : "apply";
  return { ok: true, value: { settings, origins: originsOf(values), warnings: warn(settings), purpose } };
}

function readToggle(text: string | undefined, otherwise: "on" | "off", note: (message: string) => void): "on" | "off" {
  if (text === undefined) return otherwise;
  const read = readSwitch(text);
  if (read === null) note(`"${text}" is not a valid value; write true or false.`);
  return read ?? otherwise;
}

/** Options of the tool alone are read too, so far as a wrong value would end it. */
function findToolFaults(values: ReadonlyMap<string, GivenValue>): readonly Finding[] {
  return LINKERD_OPTIONS.filter(({ effect, words }) => effect === "tool" && words !== undefined).flatMap(
    ({ setting, words = [] }) => {
      const given = values.get(setting);
      const text = given?.texts.at(-1);
      if (!given || text === undefined || words.includes(text)) return [];
      return [finding(given.flag, `"${text}" is not allowed here; use ${words.join(", ")}.`)];
    },
  );
}

function originsOf(values: ReadonlyMap<string, GivenValue>): Readonly<Record<string, SettingOrigin>> {
  return Object.fromEntries(
    LINKERD_OPTIONS.filter(({ effect }) => effect === "rules").map(({ setting }) => {
      const given = values.get(setting);
      return [setting, given ? { kind: "flag", name: given.flag } : { kind: "default", name: null }];
    }),
  );
}

function warn({ proxyUid, proxyGid, incomingProxyPort, outgoingProxyPort }: LinkerdSettings): readonly Finding[] {
  const shared = warnOfSharedPorts([
    { what: "the proxy's outbound listener", port: outgoingProxyPort, where: "--outgoing-proxy-port" },
    { what: "the proxy's inbound listener", port: incomingProxyPort, where: "--incoming-proxy-port" },
    { what: "the proxy's control listener", port: CONTROL_PORT, where: null },
    { what: "the proxy's admin listener", port: ADMIN_PORT, where: null },
  ]);
  if (proxyUid !== null || proxyGid !== null) return shared;
  const message =
    "No uid or gid is excluded from capture, so the proxy's own connections return to it; add --proxy-uid 2102.";
  return [codedFinding("capture-gap", "--proxy-uid", message), ...shared];
}
