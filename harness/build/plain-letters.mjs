import { parseSync, Visitor } from "rolldown/utils";

/** What stands in no text of one byte a letter. */
const BEYOND_ASCII = /[^\0-\x7f]/g;

/**
 * Gives a module that does the same and whose strings, templates and regular expressions write letters beyond ASCII by their numbers. V8
 * keeps a source that has a single one of them with two bytes a letter, and Node decodes it letter by letter: both cost at each start.
 *
 * `const dots = "…"` becomes `const dots = "\\u2026"`. Templates with a tag stay as they are, since a tag may see how they were written.
 * @param {string} code
 */
export function writePlainLetters(code) {
  /** @type {{ start: number, end: number }[]} */
  const texts = [];
  /** @type {{ start: number, end: number }[]} */
  const tagged = [];
  new Visitor({
    Literal: (node) => void texts.push(node),
    TemplateElement: (node) => void texts.push(node),
    TaggedTemplateExpression: ({ quasi }) => void tagged.push(quasi),
  }).visit(parseSync("module.js", code).program);
  const isFree = (/** @type {number} */ at) => !tagged.some(({ start, end }) => start <= at && at < end);
  const places = texts
    .filter(({ start, end }) => code.slice(start, end).search(BEYOND_ASCII) >= 0 && isFree(start))
    .sort((one, other) => one.start - other.start);
  const edges = [0, ...places.flatMap(({ start, end }) => [start, end]), code.length];
  return edges
    .slice(1)
    .map((to, i) => {
      const piece = code.slice(edges[i], to);
      return i % 2 === 0 ? piece : piece.replace(BEYOND_ASCII, escapeLetter);
    })
    .join("");
}

/** @param {string} letter */
function escapeLetter(letter) {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
