import { findRewrites } from "../analysis/packet-views.ts";
import { canBeElsewhere } from "../capture/intent-boundaries.ts";
import { renderAddress } from "../model/address.ts";
import { addressOwner, type PodSpec, type SandboxAddresses } from "../model/pod.ts";
import type { PodRules } from "../model/ruleset.ts";

/**
 * Gives a pod whose peers also have what rules rewrite to: upstream owns every address of DNAT's that nobody else has, and both peers
 * listen on its ports. An analysis takes that for granted; without it a flow so rewritten would only show that nobody is there.
 */
export function ownRewritten(spec: PodSpec, pods: readonly PodRules[], addresses: SandboxAddresses): PodSpec {
  const rulesets = pods.flatMap(({ ip, ip6 }) => [ip, ip6]).filter((ruleset) => ruleset !== null);
  const ends = rulesets.flatMap(({ family, ...ruleset }) =>
    findRewrites([{ family, ...ruleset }], { family, addresses, spec, gateways: [] }).destinations.map((end) => ({
      address: typeof end.address === "bigint" ? renderAddress(family, end.address) : null,
      port: typeof end.port === "number" ? end.port : null,
      family,
    })),
  );
  const upstream: readonly string[] = Object.values(addresses.upstream);
  const strangers = ends.flatMap(({ address, family }) =>
    address !== null &&
    canBeElsewhere(address, family, addresses) &&
    addressOwner(address, addresses) === "upstream" &&
    !upstream.includes(address)
      ? [address]
      : [],
  );
  const ports = ends.flatMap(({ port }) => port ?? []);
  return {
    ...spec,
    upstreamPorts: unite(spec.upstreamPorts, ports),
    clientPorts: unite(spec.clientPorts, ports),
    upstreamAddresses: unite(spec.upstreamAddresses, strangers),
  };
}

function unite<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return [...new Set([...some, ...others])];
}
