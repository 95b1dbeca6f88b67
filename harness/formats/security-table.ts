/** Targets that let a packet go on or accept it: with these alone the table changes no flow (iptables-extensions(8)). */
const HARMLESS = ["ACCEPT", "RETURN", "SECMARK", "CONNSECMARK", "LOG", "NFLOG", "AUDIT", "MARK", "CONNMARK", "TRACE"];

/** The lines of a `*security` table, which is kept as text. */
export interface SecurityTable {
  /** Where it begins, from 1. */
  readonly line: number;
  readonly lines: string[];
}

/**
 * Says whether a security table could drop a packet: by a policy, or by a target that is neither one of its chains nor known to let packets
 * go on. A rule that cannot be taken apart could.
 */
export function couldDrop({ lines }: SecurityTable): boolean {
  const chains = new Set(lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? /^-N\s+(\S+)/.exec(line)?.[1] ?? []));
  return lines.some((line) => {
    if (/^:\S+\s+DROP\b|^-P\s+\S+\s+DROP\b/.test(line)) return true;
    if (/^:|^-[NPFXZ]\b/.test(line)) return false;
    const targets = [...line.matchAll(/\s(?:-j|-g|--jump|--goto)[\s=]+(\S+)/g)].map((found) => found[1] ?? "");
    return targets.some((target) => !HARMLESS.includes(target) && !chains.has(target));
  });
}
