import type { Connection, Contract } from "../model/contract.ts";

/**
 * Gives a contract that demands nothing of a socket which dials the very end it is bound to. It reaches nobody but itself (RFC 9293,
 * 3.5), and no mesh promises anything of that.
 */
export function exemptOwnEnd(contract: Contract): Contract {
  return { ...contract, demand: (connection) => (isToOwnEnd(connection) ? UNASKED : contract.demand(connection)) };
}

const UNASKED = { must: "unspecified" } as const;

function isToOwnEnd({ source, sourcePort, destination, port }: Connection): boolean {
  return sourcePort === port && source === destination;
}
