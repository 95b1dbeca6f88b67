import type { Range } from "../../model/match.ts";
import type { MeshWords } from "../mesh.ts";
import type { Direction, KumaSettings } from "./settings.ts";

/**
 * Gives settings as flags, and what no flag can say as a file. Where there is a file variables count as well, so every flag is then written
 * out: flags beat them.
 *
 * @example
 * renderSettings({ ...settings, inbound: { ...inbound, excludePorts: [22] } }).words // ["--exclude-inbound-ports", "22"]
 */
export function renderSettings(settings: KumaSettings): MeshWords {
  const { inbound, outbound, logLevel } = settings;
  const redirect = {
    ...fileOf("inbound", inbound.includePorts, "on"),
    ...fileOf("outbound", outbound.includePorts, outbound.redirect),
  };
  const log = logLevel === null || logLevel === 7 ? {} : { log: { level: logLevel } };
  const file = { ...(Object.keys(redirect).length > 0 ? { redirect } : {}), ...log };
  const needsFile = Object.keys(file).length > 0;
  const words = flagsOf(settings).flatMap(([flag, text, usual]) => {
    if (text === usual && !needsFile) return [];
    return text === "true" || text === "false" ? [`--${flag}=${text}`] : [`--${flag}`, text];
  });
  return {
    words: [...words, ...listFlags(settings)],
    config: needsFile ? { path: "settings", text: JSON.stringify(file) } : null,
  };
}

function fileOf(
  direction: "inbound" | "outbound",
  includePorts: readonly number[],
  redirect: Direction["redirect"],
): Readonly<Record<string, unknown>> {
  if (includePorts.length === 0 && redirect === "on") return {};
  const enabled = redirect === "on" ? {} : { enabled: false };
  return { [direction]: { ...enabled, ...(includePorts.length > 0 ? { includePorts } : {}) } };
}

/** Flags that a later source replaces, each with its text and what it is by default. */
function flagsOf(settings: KumaSettings): readonly (readonly [flag: string, text: string, usual: string])[] {
  const { inbound, outbound, dns } = settings;
  const isSo = (value: boolean) => `${value}`;
  return [
    ["kuma-dp-user", `${settings.proxyUid}`, "5678"],
    ["ip-family-mode", settings.families, "dualstack"],
    ["redirect-inbound", isSo(inbound.redirect === "on"), "true"],
    ["redirect-inbound-port", `${inbound.port}`, "15006"],
    ["redirect-outbound-port", `${outbound.port}`, "15001"],
    ["exclude-inbound-ports", inbound.excludePorts.join(","), ""],
    ["exclude-outbound-ports", outbound.excludePorts.join(","), ""],
    ["redirect-dns", isSo(dns.capture === "resolvers"), "false"],
    ["redirect-all-dns-traffic", isSo(dns.capture === "all"), "false"],
    ["redirect-dns-port", `${dns.port}`, "15053"],
    ["skip-dns-conntrack-zone-split", isSo(dns.zones === "one"), "false"],
    ["drop-invalid-packets", isSo(settings.dropInvalid === "on"), "false"],
    ["iptables-logs", isSo(settings.logLevel !== null), "false"],
    ["disable-comments", isSo(settings.comments === "off"), "false"],
    ["redirect-inbound-insert-instead-of-append", isSo(inbound.jump === "insert"), "false"],
    ["redirect-outbound-insert-instead-of-append", isSo(outbound.jump === "insert"), "false"],
  ];
}

function listFlags({ inbound, outbound, excludeForUids, virtualNetworks }: KumaSettings): readonly string[] {
  const each = (flag: string, texts: readonly string[]) => texts.flatMap((text) => [`--${flag}`, text]);
  return [
    ...each(
      "exclude-outbound-ports-for-uids",
      excludeForUids.map(({ protocol, ports, uids }) =>
        [protocol, ports.map(renderRange).join(","), renderRange(uids)].join(":"),
      ),
    ),
    ...each("exclude-inbound-ips", inbound.excludeNetworks),
    ...each("exclude-outbound-ips", outbound.excludeNetworks),
    ...each(
      "vnet",
      virtualNetworks.map(({ interface: name, network }) => `${name}:${network}`),
    ),
  ];
}

function renderRange({ first, last }: Range): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
