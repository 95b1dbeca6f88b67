/**
 * Characters that a terminal, an editor or a reader would obey and not show, tab and line break aside: controls (C0, DEL, C1), format
 * characters such as zero-width ones and overrides of writing direction, line and paragraph separators (Unicode general categories Cc, Cf,
 * Zl, Zp). Halves of surrogate pairs and U+FFFE and U+FFFF are no characters: XML 1.0 (section 2.2) forbids them.
 */
const INVISIBLE = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffe\uffff]--[\t\n]]/gv;

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

/** What has nothing to escape stays the very same, so that a large report is copied no further than it has to be. */
function escapeValue(value: unknown): unknown {
  if (typeof value === "string") return isPlain(value) ? value : escapeText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const escaped = value.map(escapeValue);
    return escaped.every((each, i) => each === value[i]) ? value : escaped;
  }
  const members = Object.entries(value);
  const escaped = members.map(([key, each]) => [isPlain(key) ? key : escapeInvisible(key), escapeValue(each)] as const);
  const isSame = escaped.every(([key, each], i) => key === members[i]?.[0] && each === members[i]?.[1]);
  return isSame ? value : Object.fromEntries(escaped);
}

/** Nearly every text is of such characters alone, and is known by them sooner than by what it must not hold. */
function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

function escapeText(text: string): string {
  return escapeInvisible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
