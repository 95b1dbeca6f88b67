import { type Family, familyOf } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { loopbackAddress } from "../../model/pod.ts";
import type { Rule } from "../../model/ruleset.ts";
import {
  jumpTo,
  makeRule,
  matchAddress,
  matchInterface,
  matchOwner,
  matchPort,
  RETURN,
  redirectTo,
  TCP,
} from "../rules.ts";
import type { Noted } from "./hook-rules.ts";
import type { Direction, KumaSettings } from "./settings.ts";

/** The chains that kumactl makes. */
export const KUMA_CHAINS = {
  inbound: "KUMA_MESH_INBOUND",
  inboundRedirect: "KUMA_MESH_INBOUND_REDIRECT",
  outbound: "KUMA_MESH_OUTBOUND",
  outboundRedirect: "KUMA_MESH_OUTBOUND_REDIRECT",
} as const;

/** The source of what the proxy's inbound pass-through dials (consts.InboundPassthroughSourceAddress). */
const PASS_THROUGH: Readonly<Record<Family, string>> = { 4: "127.0.0.6/32", 6: "::6/128" };

/** Gives the one rule of a chain that leads to the proxy. */
export function redirectRule({ port }: Direction, noted: Noted): Rule {
  return makeRule(redirectTo(port), TCP, ...noted(`redirect TCP traffic to envoy (port ${port})`));
}

function matchNotedPort(port: number, note: readonly Match[]): readonly Match[] {
  const [protocol, dport] = matchPort(`${port}`);
  return [protocol, ...note, dport];
}

/** Gives the rules of the chain of inbound traffic. */
export function inboundRules(inbound: Direction, family: Family, noted: Noted): readonly Rule[] {
  const jump = jumpTo(KUMA_CHAINS.inboundRedirect);
  if (inbound.redirect === "off") return [makeRule(RETURN, TCP, ...noted("inbound traffic redirection is disabled"))];
  const networks = inbound.excludeNetworks
    .filter((network) => familyOf(network) === family)
    .map((network) =>
      makeRule(
        RETURN,
        ...matchAddress("source", network),
        ...noted("skip further processing for configured IP address"),
      ),
    );
  if (inbound.includePorts.length > 0)
    return [
      ...networks,
      ...inbound.includePorts.map((port) =>
        makeRule(
          jump,
          ...matchNotedPort(
            port,
            noted(`redirect inbound traffic from port ${port} to the custom chain for processing`),
          ),
        ),
      ),
    ];
  return [
    ...networks,
    ...inbound.excludePorts.map((port) =>
      makeRule(RETURN, ...matchNotedPort(port, noted(`exclude inbound traffic from port ${port} from redirection`))),
    ),
    makeRule(jump, TCP, ...noted("redirect all inbound traffic to the custom chain for processing")),
  ];
}

/** Gives the rules of the chain of outbound traffic. */
export function outboundRules(settings: KumaSettings, family: Family, noted: Noted): readonly Rule[] {
  const { outbound, proxyUid } = settings;
  if (outbound.redirect === "off") return [makeRule(RETURN, TCP, ...noted("outbound traffic redirection is disabled"))];
  const jump = jumpTo(KUMA_CHAINS.outboundRedirect);
  const ports = (say: (port: number) => string, then: typeof jump | typeof RETURN, list: readonly number[]) =>
    list.map((port) => makeRule(then, ...matchNotedPort(port, noted(say(port)))));
  const excluded = ports(
    (port) => `exclude outbound traffic from port ${port} from redirection`,
    RETURN,
    outbound.includePorts.length > 0 ? [] : outbound.excludePorts,
  );
  const included = ports(
    (port) => `redirect outbound TCP traffic to port ${port} to our custom chain for further processing`,
    jump,
    outbound.includePorts,
  );
  const everything = makeRule(
    jump,
    ...noted("redirect all other outbound traffic to our custom chain for further processing"),
  );
  return [
    ...excluded,
    ...ownAddressRules(proxyUid, family, noted),
    ...(outbound.includePorts.length > 0 ? included : [everything]),
  ];
}

/** What stays in the pod, and what the proxy dials. */
function ownAddressRules(proxyUid: number, family: Family, noted: Noted): readonly Rule[] {
  const lo = matchInterface("out-interface", "lo");
  const localhost = `${loopbackAddress(family)}/${family === 4 ? 32 : 128}`;
  const owner = matchOwner("uid", `${proxyUid}`);
  const user = `UID ${proxyUid} (kuma-dp user)`;
  const passThrough = PASS_THROUGH[family];
  return [
    makeRule(
      RETURN,
      ...matchAddress("source", passThrough),
      lo,
      ...noted(
        `prevent traffic loops by ensuring traffic from the sidecar proxy (using ${passThrough}) to loopback interface is not redirected again`,
      ),
    ),
    makeRule(
      jumpTo(KUMA_CHAINS.inboundRedirect),
      ...matchAddress("destination", localhost, true),
      lo,
      TCP,
      ...noted(
        `redirect outbound TCP traffic destined for loopback interface, but not targeting address ${localhost}, and owned by ${user} to ${KUMA_CHAINS.inboundRedirect} chain for proper handling`,
      ),
      owner,
    ),
    makeRule(
      RETURN,
      lo,
      TCP,
      ...noted(
        `return outbound TCP traffic destined for loopback interface, owned by any UID other than ${proxyUid} (kuma-dp user)`,
      ),
      { ...owner, negated: true } as Match,
    ),
    makeRule(RETURN, ...noted(`return outbound traffic owned by ${user}`), owner),
    makeRule(
      RETURN,
      ...matchAddress("destination", localhost),
      ...noted(`return traffic destined for localhost (${localhost}) to avoid redirection`),
    ),
  ];
}
