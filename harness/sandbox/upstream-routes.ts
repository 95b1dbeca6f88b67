/** Gives the lines for `ip -batch` that make a host own these addresses instead of those: a local route for each. */
export function planLocalRoutes(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...before.filter((address) => !after.includes(address)).map((address) => `route del local ${address} dev lo`),
    ...after.filter((address) => !before.includes(address)).map((address) => `route add local ${address} dev lo`),
  ];
}
