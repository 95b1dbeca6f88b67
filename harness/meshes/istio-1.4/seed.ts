/** The seed command's words: those of the article, with the empty argument of `-x` that its typesetting lost. */
export const SEED_WORDS: readonly string[] = [
  ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
  ...["-i", "*", "-x", "", "-b", "*", "-d", "15020"],
];

/** The same as a shell takes it. */
export const SEED_COMMAND: string = SEED_WORDS.map((word) => (/^[\w-]+$/.test(word) ? word : `'${word}'`)).join(" ");
