/**
 * Gives words as a sentence lists them.
 *
 * @example
 * listWords(["docker", "netns", "auto"], "or")   // "docker, netns or auto"
 */
export function listWords(words: readonly string[], conjunction: "and" | "or"): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((text) => text !== "").join(` ${conjunction} `);
}
