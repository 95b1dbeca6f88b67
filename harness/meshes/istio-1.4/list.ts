import type { ColumnNote } from "./given.ts";

/** One element of a comma-separated value. */
export interface Element {
  readonly text: string;
  /** As typed, blanks around it included. */
  readonly raw: string;
  /** Counted from 1. */
  readonly index: number;
  /** Column in the value, from 1. */
  readonly column: number;
}

/**
 * Splits a value at its commas. Blanks around elements are trimmed and a comma at the end is harmless; notes empty elements, line breaks,
 * and a `*` beside other elements. An empty value has no elements.
 */
export function splitElements(text: string, note: ColumnNote): readonly Element[] {
  if (text === "") return [];
  if (/[\r\n]/.test(text)) {
    note("The value holds a line break; write it on one line, separated by commas.", null);
    return [];
  }
  const parts = text.split(",");
  if (parts.length > 1 && parts.at(-1)?.trim() === "") parts.pop();
  let column = 1;
  const elements: Element[] = [];
  for (const [i, part] of parts.entries()) {
    const element = {
      text: part.trim(),
      raw: part,
      index: i + 1,
      column: column + (part.length - part.trimStart().length),
    };
    if (element.text === "")
      note(`Element ${element.index} is empty; remove the extra comma or space.`, element.column);
    else elements.push(element);
    column += part.length + 1;
  }
  return elements;
}

/** Names an element in a finding: `Element 2, "foo",`. */
export function nameElement(element: Element): string {
  return `Element ${element.index}, "${element.text}",`;
}

/** Says what a `*` inside a list does, as the end of a finding. */
export const STAR_FAULT =
  "is not allowed here: only -b and -i take '*', and only on its own. (The original replaces it with the names of the files in the working directory, or drops it.)";
