import { type Family, familyOf } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { MeshInput } from "../mesh.ts";
import { warnOfSharedPorts } from "../shared-ports.ts";
import { familiesOf } from "./pod.ts";
import type { Direction, KumaSettings } from "./settings.ts";

/** Gives a warning for each setting that is allowed but probably not meant; `mode` is the family mode as it was written. */
export function warn(
  settings: KumaSettings,
  mode: string | undefined,
  { pod, names }: Pick<MeshInput, "pod" | "names">,
): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (where: string, message: string) => void findings.push(codedFinding("capture-gap", where, message));
  const families = familiesOf(settings, pod);
  if (mode !== "ipv4" && mode?.toLowerCase() === "ipv4")
    add("--ip-family-mode", `kumactl treats "${mode}" as dualstack; write ipv4 to exclude IPv6.`);
  const isServed = (family: Family) => pod.resolvers.some((server) => familyOf(server) === family);
  if (settings.dns.capture === "resolvers")
    for (const family of families.filter((each) => !isServed(each)))
      add("--redirect-dns", `resolv.conf has no IPv${family} server, so DNS over IPv${family} is not redirected.`);
  const { inbound, outbound } = settings;
  findings.push(
    ...warnOfSharedPorts([
      { what: "the proxy's outbound listener", port: outbound.port, where: "--redirect-outbound-port" },
      { what: "the proxy's inbound listener", port: inbound.port, where: "--redirect-inbound-port" },
    ]),
  );
  if (settings.dns.capture !== "off" && settings.outbound.jump === "append" && settings.outbound.redirect === "on")
    add("--redirect-dns", "It lets TCP to port 53 of any server bypass the proxy; DNS over TCP is not redirected.");
  if (hasDeadDns(settings))
    add(
      "--vnet",
      "DNS queries from virtual networks get no answer, because query and answer are in different conntrack zones; add --skip-dns-conntrack-zone-split.",
    );
  findings.push(...warnOfIdleNetworks(settings, families));
  for (const name of ["inbound", "outbound"] as const)
    if (hasVainExclusions(settings[name]))
      add(`redirect.${name}.excludePorts`, "Excluded ports have no effect if ports to include are given.");
  const uid = names.user("kuma-dp");
  if (settings.proxyUid === 5678 && uid !== null && uid !== 5678)
    add(
      "--kuma-dp-user",
      `The user kuma-dp has uid ${uid} on this machine; kumactl uses it if no user has uid 5678. Write --kuma-dp-user ${uid} if the proxy runs as kuma-dp.`,
    );
  return findings;
}

/** Answers of the DNS proxy are put in a zone of their own; queries from virtual networks are not. */
function hasDeadDns({ virtualNetworks, dns }: KumaSettings): boolean {
  return virtualNetworks.length > 0 && dns.capture !== "off" && dns.zones === "split";
}

function hasVainExclusions({ includePorts, excludePorts }: Direction): boolean {
  return includePorts.length > 0 && excludePorts.length > 0;
}

function warnOfIdleNetworks({ virtualNetworks }: KumaSettings, families: readonly Family[]): readonly Finding[] {
  return virtualNetworks.flatMap(({ interface: link, network }) => {
    const why =
      link === "lo"
        ? "nothing that comes over lo meets the rules of nat in PREROUTING"
        : families.includes(familyOf(network))
          ? null
          : "there are no IPv6 rules in this pod";
    return why === null ? [] : [codedFinding("no-effect", "--vnet", `${link}:${network} has no effect: ${why}.`)];
  });
}
