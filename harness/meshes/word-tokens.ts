import { parseArgs } from "node:util";

/** An option as a command line describes it: its long name without dashes, its letter, and its value's name; null for a switch. */
export interface NamedOption {
  readonly name: string;
  readonly short?: string;
  readonly value: string | null;
}

/** One word of a command line, or an option with its value, as `parseArgs` of node:util has them. */
export type WordToken =
  | {
      readonly kind: "option";
      readonly name: string;
      /** As typed: `-p`, `--envoy-port`. */
      readonly rawName: string;
      readonly value: string | undefined;
      /** Whether the value stands in the same word: `-p15001`, `--envoy-port=15001`. */
      readonly inlineValue: boolean | undefined;
    }
  | { readonly kind: "positional"; readonly value: string }
  | { readonly kind: "option-terminator" };

/**
 * Takes words apart as getopt does, into options with their values as typed, words that belong to none, and `--`. `options` says which
 * options take a value and which letters they have; what is unknown, or lacks its value, is a token like any other.
 */
export function tokenizeWords(words: readonly string[], options: readonly NamedOption[]): readonly WordToken[] {
  const specs = options.map(({ name, short, value }) => {
    const type = value === null ? ("boolean" as const) : ("string" as const);
    return [name, short === undefined ? { type } : { type, short }] as const;
  });
  return parseArgs({ args: [...words], strict: false, tokens: true, options: Object.fromEntries(specs) }).tokens;
}

/** Gives a token's words as they were typed. */
export function renderToken(token: WordToken): readonly string[] {
  if (token.kind === "positional") return [token.value];
  if (token.kind === "option-terminator") return ["--"];
  const { rawName, value, inlineValue } = token;
  if (inlineValue) return [`${rawName}${rawName.startsWith("--") ? "=" : ""}${value}`];
  return value === undefined ? [rawName] : [rawName, value];
}
