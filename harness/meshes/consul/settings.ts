import { canonicalAddress, familyOf } from "../../model/address.ts";
import { codedFinding, type Finding, finding, type Parsed } from "../../model/finding.ts";
import type { Range } from "../../model/match.ts";
import { findNearNames } from "../../model/near-names.ts";
import { isInPod } from "../../model/pod.ts";
import type { MeshFile, MeshInput, PodFacts, ReadSettings, SettingOrigin } from "../mesh.ts";
import { readOptionWords, readSwitch } from "../option-words.ts";
import { warnOfSharedPorts } from "../shared-ports.ts";
import { describeFallingRange, type Note, readId, readNetwork, readPort, readPortRange } from "../values.ts";
import { readYamlText } from "../yaml-text.ts";
import { CONSUL_OPTIONS } from "./options.ts";

/** The fields of the SDK's Config, less those that concern the tool alone. */
export interface ConsulSettings {
  readonly proxyUid: Range;
  /** 1–65535. */
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly excludeInboundPorts: readonly Range[];
  readonly excludeOutboundPorts: readonly Range[];
  /** Networks or addresses as they were written, of either family. */
  readonly excludeOutboundNetworks: readonly string[];
  readonly excludeUids: readonly Range[];
  /** Canonical text; null where none is given. */
  readonly dnsAddress: string | null;
  readonly dnsPort: number | null;
  readonly dualStack: "on" | "off";
  /** Which generator of the SDK: for iptables, or for native nftables. */
  readonly format: "iptables" | "nftables";
}

const FIELDS = CONSUL_OPTIONS.filter(({ flag }) => flag === null).map(({ setting }) => setting);
const LISTS = CONSUL_OPTIONS.filter(({ repeats }) => repeats === "all").map(({ setting }) => setting);

/** Reads Consul's Config from JSON or YAML, all findings at once. Variables mean nothing to it. */
export function readConsul({ tokens, config, names, pod }: MeshInput): Parsed<ReadSettings<ConsulSettings>> {
  const { values, asksForHelp, findings: found } = readOptionWords(tokens, CONSUL_OPTIONS);
  const findings: Finding[] = [...found];
  const fields = config === null ? {} : readFields(config, findings);
  const where = config?.path ?? "--mesh-config";
  const noteFor =
    (field: string): Note =>
    (message) =>
      void findings.push(finding(where, `${field}: ${message}`));
  const text = (field: string): string | null => {
    const value = fields[field];
    return value === undefined || value === "" || value === 0 ? null : String(value);
  };
  const list = <T>(field: string, read: (entry: string, note: Note) => T | null): readonly T[] => {
    const value = fields[field];
    return (Array.isArray(value) ? value : []).flatMap((entry) => read(String(entry), noteFor(field)) ?? []);
  };
  const isNative = readSwitch(values.get("nativeNftables")?.texts.at(-1) ?? "false");
  if (isNative === null) findings.push(finding("--native-nftables", "The value must be true or false."));
  const format = isNative === "on" ? "nftables" : "iptables";
  const readOwner = (entry: string, note: Note) => readUids(entry, names.user, format, note);
  const readPorts = (entry: string, note: Note) =>
    readPortOrService(format === "nftables" ? entry.replace("-", ":") : entry, names.service, note);
  const required = <T>(field: string, otherwise: T, read: (value: string, note: Note) => T | null): T => {
    const value = text(field) ?? (field === "ProxyUserID" ? textOfZero(fields[field]) : null);
    if (value === null && !asksForHelp) noteFor(field)("This field is required; Consul has no default for it.");
    return value === null ? otherwise : (read(value, noteFor(field)) ?? otherwise);
  };
  const optional = <T>(field: string, read: (value: string, note: Note) => T | null): T | null => {
    const value = text(field);
    return value === null ? null : read(value, noteFor(field));
  };
  const settings: ConsulSettings = {
    proxyUid: required("ProxyUserID", { first: 0, last: 0 }, readOwner),
    inboundPort: required("ProxyInboundPort", 0, readPort),
    outboundPort: optional("ProxyOutboundPort", readPort) ?? 15001,
    excludeInboundPorts: list("ExcludeInboundPorts", readPorts),
    excludeOutboundPorts: list("ExcludeOutboundPorts", readPorts),
    excludeOutboundNetworks: list("ExcludeOutboundCIDRs", (entry, note) => readNetwork(entry, "allowed", note)),
    excludeUids: list("ExcludeUIDs", readOwner),
    dnsAddress: optional("ConsulDNSIP", readAddress),
    dnsPort: optional("ConsulDNSPort", readPort),
    dualStack: fields["DualStack"] === true ? "on" : "off",
    format,
  };
  checkDnsFamily(settings, noteFor("ConsulDNSIP"));
  if (findings.length > 0 && !asksForHelp) return { ok: false, findings };
  const purpose = asksForHelp ? "usage" : "apply";
  return {
    ok: true,
    value: { settings, origins: originsOf(fields, where), warnings: warnOfPorts(settings, where, pod.own), purpose },
  };
}

function warnOfPorts(settings: ConsulSettings, where: string, own: PodFacts["own"]): readonly Finding[] {
  const { inboundPort, outboundPort, dnsAddress, dnsPort } = settings;
  const hasServer = dnsPort !== null && (dnsAddress === null || isInPod(dnsAddress, own));
  return warnOfSharedPorts([
    { what: "Envoy's outbound listener (ProxyOutboundPort)", port: outboundPort, where },
    { what: "Envoy's public listener (ProxyInboundPort)", port: inboundPort, where },
    ...(hasServer ? [{ what: "Consul's DNS server (ConsulDNSPort)", port: dnsPort, where }] : []),
  ]);
}

/** A uid of 0 is given all the same, where it is written. */
function textOfZero(value: unknown): string | null {
  return value === 0 || value === "0" ? "0" : null;
}

function readFields({ path, text }: MeshFile, findings: Finding[]): Readonly<Record<string, unknown>> {
  const read = readYamlText(text);
  if (!read.ok) {
    findings.push(codedFinding("malformed-text", path, read.message));
    return {};
  }
  const { value } = read;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    findings.push(
      codedFinding(
        "malformed-text",
        path,
        `This is not a Consul Config; write its fields, such as ${FIELDS.slice(0, 3).join(", ")}.`,
      ),
    );
    return {};
  }
  for (const [field, given] of Object.entries(value)) {
    const fault = faultOfField(field, given);
    if (fault !== null) findings.push(finding(path, `${field}: ${fault}`));
  }
  return value as Record<string, unknown>;
}

function faultOfField(field: string, value: unknown): string | null {
  if (!FIELDS.includes(field)) {
    const near = findNearNames(field, FIELDS);
    return `Consul's Config has no such field${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : `; it has ${FIELDS.join(", ")}.`}`;
  }
  const isPlain = (entry: unknown) => typeof entry === "string" || typeof entry === "number";
  if (LISTS.includes(field)) return Array.isArray(value) && value.every(isPlain) ? null : "It must be a list of texts.";
  if (field === "DualStack") return typeof value === "boolean" ? null : "It must be true or false.";
  return isPlain(value) ? null : "It must be a text or a number.";
}

function readAddress(text: string, note: Note): string | null {
  const address = canonicalAddress(text);
  if (address === null) note(`"${text}" is not an address.`);
  return address;
}

/** With iptables uids may be ranges and names; nftables takes numbers alone. */
function readUids(
  text: string,
  lookUp: (name: string) => number | null,
  format: ConsulSettings["format"],
  note: Note,
): Range | null {
  const [, first = "", last] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (first === "") {
    const uid = format === "iptables" ? lookUp(text) : null;
    if (uid === null) note(`"${text}" is neither a uid nor the name of a user known here; write the number.`);
    return uid === null ? null : { first: uid, last: uid };
  }
  if (last !== undefined && format === "nftables") {
    note(`"${text}" is a range, which Consul's nftables rules do not support; write one uid per entry.`);
    return null;
  }
  const [low, high] = [readId(first, note), readId(last ?? first, note)];
  if (low === null || high === null) return null;
  if (low <= high) return { first: low, last: high };
  note(`"${text}" ${describeFallingRange(low, high, "-")}`);
  return null;
}

function readPortOrService(text: string, lookUp: (name: string) => number | null, note: Note): Range | null {
  if (!/^[a-z]/i.test(text)) return readPortRange(text, ":", note);
  const port = lookUp(text);
  if (port === null) note(`"${text}" is neither a port nor a service name known here; write the number.`);
  return port === null ? null : { first: port, last: port };
}

/** With DualStack the SDK wants the address of IPv6, without it that of IPv4. */
function checkDnsFamily({ dnsAddress, dualStack }: ConsulSettings, note: Note): void {
  if (dnsAddress === null || (familyOf(dnsAddress) === 6) === (dualStack === "on")) return;
  note(
    dualStack === "on" ? "With DualStack it must be an IPv6 address." : "Without DualStack it must be an IPv4 address.",
  );
}

function originsOf(fields: Readonly<Record<string, unknown>>, path: string): Readonly<Record<string, SettingOrigin>> {
  return Object.fromEntries(
    FIELDS.map((field) => [field, field in fields ? { kind: "config", name: path } : { kind: "default", name: null }]),
  );
}
