/**
 * Characters that a terminal, an editor or a reader would obey and not show: C0 and C1 controls but tab and line break, soft hyphens,
 * zero-width characters, marks and overrides of writing direction, line and paragraph separators, invisible operators, and tag characters
 * (Unicode 16, general categories Cc, Cf, Zl and Zp).
 */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/**
 * Gives a text in which nothing is invisible: such characters are written as JSON writes them, `\u001b`. So a JSON text stays one, and says
 * the same. Tabs and line breaks stay.
 */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** Gives plain data in which no text, and no key, holds anything invisible; line breaks and tabs are escaped as well. */
export function escapeData<T>(value: T): T {
  return escapeValue(value) as T;
}

function escapeValue(value: unknown): unknown {
  if (typeof value === "string") return escapeInvisible(value).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  if (Array.isArray(value)) return value.map(escapeValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [escapeInvisible(key), escapeValue(each)]));
}
