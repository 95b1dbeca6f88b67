/**
 * The ICMP errors of nft(8), REJECT STATEMENT, by the words that choose their protocol: their names, and the numbers that may stand for
 * them (src/datatype.c, 1.0.6).
 */
export const REJECT_ERRORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  icmp: {
    "net-unreachable": 0,
    "host-unreachable": 1,
    "prot-unreachable": 2,
    "port-unreachable": 3,
    "net-prohibited": 9,
    "host-prohibited": 10,
    "admin-prohibited": 13,
  },
  icmpv6: {
    "no-route": 0,
    "admin-prohibited": 1,
    "addr-unreachable": 3,
    "port-unreachable": 4,
    "policy-fail": 5,
    "reject-route": 6,
  },
  icmpx: { "no-route": 0, "port-unreachable": 1, "host-unreachable": 2, "admin-prohibited": 3 },
};

/** Gives the name of an error by its number, or null where it has none. */
export function nameRejectError(type: string, number: number): string | null {
  return Object.entries(REJECT_ERRORS[type] ?? {}).find(([, code]) => code === number)?.[0] ?? null;
}
