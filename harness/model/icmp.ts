import type { IcmpTypeMatch } from "./match.ts";

/** The types of an echo request and of its reply, by family (include/uapi/linux/icmp.h, icmpv6.h). */
export const ECHO_TYPES = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

const HIGHEST = 255;

/** The codes of a match that names none. */
export const EVERY_CODE: IcmpTypeMatch["codes"] = { first: 0, last: HIGHEST };

/** Says whether a match asks for no code. */
export function isEveryCode({ first, last }: IcmpTypeMatch["codes"]): boolean {
  return first === EVERY_CODE.first && last === EVERY_CODE.last;
}

/** Says whether a match asks for no type: 255 of IPv4's module stands for all of them, whatever code is given. */
export function isAnyIcmpType({ module, type }: Pick<IcmpTypeMatch, "module" | "type">): boolean {
  return module === "icmp" && type === HIGHEST;
}
