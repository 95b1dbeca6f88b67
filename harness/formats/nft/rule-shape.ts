import type { Token } from "./lexer.ts";

/** Says whether a word ends the rule before it: the end of its line, `;` or `}`. */
export function endsRule({ kind, text }: Token): boolean {
  return kind === "end" || (kind === "sign" && (text === "\n" || text === ";" || text === "}"));
}

/**
 * Gives what a word is in the shape of its rule: itself, or what stands for any value in its place, `#number`. Null where rules with the
 * word are not alike, whatever else they have: sets, definitions, chains in braces.
 */
export function shapeOfWord(tokens: readonly Token[], at: number): string | null {
  const { kind, text } = tokens[at] as Token;
  switch (kind) {
    // No word begins with `#`.
    case "number":
      return "#number";
    case "address":
      return "#address";
    case "string":
      return tokens[at - 1]?.text === "comment" ? "#comment" : `"${text}`;
    case "word": {
      const before = tokens[at - 1]?.text;
      if (before === "jump" || before === "goto") return "#chain";
      return text.startsWith("@") || text.startsWith("$") ? null : text;
    }
    case "sign":
      return text === "{" ? null : text;
    case "end":
      return null;
  }
}

/** Says whether rules of one shape may have different words in a place. */
export function isSlot(tokens: readonly Token[], at: number): boolean {
  return shapeOfWord(tokens, at)?.startsWith("#") ?? false;
}
