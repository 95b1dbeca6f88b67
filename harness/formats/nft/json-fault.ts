/** One word of JSON (RFC 8259): a sign, a text, or a number, true, false and null. */
const WORD =
  /(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;
const SPACE = /[ \t\r\n]*/y;

type Wanted = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "end";
type Bracket = "{" | "[";

/** Gives the index at which a text stops being JSON, which the engine's own message does not always name; the text's length at its end. */
export function findJsonFault(text: string): number {
  const open: Bracket[] = [];
  let wanted: Wanted = "value";
  let at = skipSpace(text, 0);
  for (;;) {
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    const next: Wanted | null =
      found === null ? null : follow(found[1] ?? (found[2] === undefined ? "number" : "text"), wanted, open);
    if (found === null || next === null) return at;
    wanted = next;
    at = skipSpace(text, at + found[0].length);
  }
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}

/** What may follow a word; null where the word itself may not stand. */
function follow(word: string, wanted: Wanted, open: Bracket[]): Wanted | null {
  const isValue = wanted === "value" || wanted === "value or ]";
  switch (word) {
    case "{":
    case "[":
      return isValue ? enter(word, open) : null;
    case "}":
    case "]":
      return leave(word, wanted, open);
    case ":":
      return wanted === ":" ? "value" : null;
    case ",":
      return wanted === ", or end" ? nextOf(open) : null;
    case "text":
      return wanted.startsWith("key") ? ":" : isValue ? endOf(open) : null;
    default:
      return isValue ? endOf(open) : null;
  }
}

function enter(bracket: Bracket, open: Bracket[]): Wanted {
  open.push(bracket);
  return bracket === "{" ? "key or }" : "value or ]";
}

function leave(bracket: "}" | "]", wanted: Wanted, open: Bracket[]): Wanted | null {
  const [opens, empty] = bracket === "}" ? ["{", "key or }"] : ["[", "value or ]"];
  if (open.at(-1) !== opens || (wanted !== empty && wanted !== ", or end")) return null;
  open.pop();
  return endOf(open);
}

function nextOf(open: readonly Bracket[]): Wanted {
  return open.at(-1) === "{" ? "key" : "value";
}

function endOf(open: readonly Bracket[]): Wanted {
  return open.length === 0 ? "end" : ", or end";
}
