import type { Traces } from "../mesh.ts";
import { CHAINS } from "./matches.ts";
import { NATIVE_TABLES } from "./native-chains.ts";

/**
 * The rules that the tool puts into built-in chains without naming a chain of its own, as `iptables -S` prints them behind the chain:
 * excluded interfaces, interfaces of virtual machines, and the marks of TPROXY. Anybody might have written them.
 */
const LOOKS: Readonly<Record<string, readonly RegExp[]>> = {
  "nat PREROUTING": [/^-i \S+ -j RETURN$/],
  "nat OUTPUT": [/^-o \S+ -j RETURN$/],
  "mangle PREROUTING": [
    /^-i \S+ -j RETURN$/,
    /^-p tcp -m mark --mark 0x[0-9a-f]+ -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff$/,
  ],
  "mangle OUTPUT": [
    /^-o \S+ -j RETURN$/,
    /^-o lo -p tcp -m mark --mark 0x[0-9a-f]+ -j RETURN$/,
    /^! -d \S+ -o lo -p tcp -m owner --[ug]id-owner \S+ -j MARK --set-xmark 0x53a\/0xffffffff$/,
    /^-p tcp -m connmark --mark 0x[0-9a-f]+ -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff$/,
  ],
};

/** What is istio-iptables' own in a network namespace. */
export const ISTIO_TRACES: Traces = {
  chains: Object.values(CHAINS),
  nftTables: NATIVE_TABLES,
  // The tool inserts the redirects of virtual machines, and appends all else but their returns, which look like those of -c.
  placementOf: (chain, { target }) =>
    chain === "PREROUTING" && target?.kind === "jump" && target.chain === CHAINS.outboundRedirect ? "top" : "bottom",
  // Istio 1.4 has the same chains, and leaves nothing inside the pod alone for not being the proxy's.
  tells: (chain, { matches }) =>
    chain === CHAINS.outbound &&
    matches.some((match) => match.kind === "out-interface" && !match.negated && match.name === "lo") &&
    matches.some((match) => match.kind === "owner" && match.negated),
  looksMade: (_family, table, chain, body) => (LOOKS[`${table} ${chain}`] ?? []).some((look) => look.test(body)),
};
