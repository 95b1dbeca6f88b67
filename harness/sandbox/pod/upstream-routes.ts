import { renderOwnLine } from "./own-line.ts";

/** Gives the lines for `ip -batch` that make a host own these addresses instead of those. */
export function planLocalRoutes(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...before.filter((address) => !after.includes(address)).map((address) => renderOwnLine("del", address)),
    ...after.filter((address) => !before.includes(address)).map((address) => renderOwnLine("add", address)),
  ];
}
