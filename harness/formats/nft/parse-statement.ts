import type { Json } from "./ast.ts";
import { readTokens } from "./lexer.ts";
import { Unread } from "./text-expression.ts";
import { NftSyntaxError, openTextReader, peek } from "./text-reader.ts";
import { readStatement } from "./text-rule.ts";

/** Reads the text of one statement; where the grammar is not read, the text itself is the statement. Null for what is no statement. */
export function parseStatement(text: string): Json | null {
  const { tokens, faults } = readTokens(text);
  const reader = openTextReader(text, tokens);
  if (faults.length > 0 || text.includes("$")) return null;
  try {
    const statement = readStatement(reader);
    return peek(reader).kind === "end" ? statement : null;
  } catch (error) {
    if (error instanceof Unread) return /^xt /.test(text) ? null : { verbatim: text };
    if (error instanceof NftSyntaxError) return null;
    throw error;
  }
}
