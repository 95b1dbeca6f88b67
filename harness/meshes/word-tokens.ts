import { parseArgs } from "node:util";

/** An option as a command line describes it: its long name without dashes, its letter, and its value's name; null for a switch. */
export interface NamedOption {
  readonly name: string;
  readonly short?: string;
  readonly value: string | null;
}

/** An option of a command line with its value. */
export interface OptionToken {
  readonly kind: "option";
  /** The long name without dashes, or the letter of an option that is not known. */
  readonly name: string;
  /** As typed: `-p`, `--envoy-port`. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value stands in the same word: `-p15001`, `--envoy-port=15001`. */
  readonly inlineValue: boolean | undefined;
}

/** One word of a command line, or an option with its value, as `parseArgs` of node:util has them. */
export type WordToken =
  | OptionToken
  | { readonly kind: "positional"; readonly value: string }
  | { readonly kind: "option-terminator" };

/**
 * The one tokeniser: takes words apart as getopt does, into options with their values as typed, words that belong to none, and `--`.
 * `options` says which options take a value and which letters they have; what is unknown, or lacks its value, is a token like any other.
 *
 * A command line is cut once, by its command; meshes take tokens. `test/house.test.ts` lists the files that may cut words.
 */
export function tokenizeWords(words: readonly string[], options: readonly NamedOption[]): readonly WordToken[] {
  const specs = options.map(({ name, short, value }) => {
    const type = value === null ? ("boolean" as const) : ("string" as const);
    return [name, short === undefined ? { type } : { type, short }] as const;
  });
  return parseArgs({ args: [...words], strict: false, tokens: true, options: Object.fromEntries(specs) }).tokens;
}

/** Gives the token of an option with its value in the next word: `--manifest pod.yaml`. */
export function makeOptionToken(name: string, value: string): OptionToken {
  return { kind: "option", name, rawName: `--${name}`, value, inlineValue: false };
}

/** Gives a token's words as they were typed; of letters in one word, `-tq`, each as a word of its own. */
export function renderToken(token: WordToken): readonly string[] {
  if (token.kind === "positional") return [token.value];
  if (token.kind === "option-terminator") return ["--"];
  const { rawName, value, inlineValue } = token;
  if (inlineValue) return [`${rawName}${rawName.startsWith("--") ? "=" : ""}${value}`];
  return value === undefined ? [rawName] : [rawName, value];
}
