import { codedFinding, type Finding } from "../model/finding.ts";

/**
 * One port on which something in the pod listens.
 *
 * @example
 * { what: "the proxy's outbound listener", port: 15001, where: "-p" }
 */
export interface ListeningPort {
  /** With its article, as it stands in a sentence. */
  readonly what: string;
  /** 1–65535. */
  readonly port: number;
  /** The option, variable or file that names the port; null where no setting does. */
  readonly where: string | null;
}

/**
 * Gives a warning (`capture-gap`) for every two listeners of a pod that settings put on one port, in order: the rules are as the tool makes
 * them, but only one of the two gets the port, and what the rules send to the other does not reach it.
 *
 * @example
 * warnOfSharedPorts([{ what: "the outbound listener", port: 15053, where: "-p" }, { what: "the DNS server", port: 15053, where: null }])
 * // [{ code: "capture-gap", where: "-p", message: "The outbound listener and the DNS server cannot both listen on port 15053; …" }]
 */
export function warnOfSharedPorts(ports: readonly ListeningPort[]): readonly Finding[] {
  return ports.flatMap((other, i) =>
    ports.slice(0, i).flatMap((one) => {
      const named = [...new Set([one.where, other.where])].filter((where) => where !== null);
      if (one.port !== other.port || named.length === 0) return [];
      const message = `${capitalise(one.what)} and ${other.what} cannot both listen on port ${one.port}; one of them does not start, so what is for it does not reach it.`;
      return [codedFinding("capture-gap", named.join(", "), message)];
    }),
  );
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
