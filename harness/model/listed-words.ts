/**
 * Gives words as a sentence lists them.
 *
 * @example
 * listWords(["docker", "netns", "auto"], "or")   // "docker, netns or auto"
 */
export function listWords(words: readonly string[], conjunction: "and" | "or"): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((text) => text !== "").join(` ${conjunction} `);
}

/**
 * Gives a number with what it counts.
 *
 * @example
 * renderCount(1, "flow")   // "1 flow"; renderCount(3, "flow") is "3 flows"
 */
export function renderCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
