/** One word of JSON (RFC 8259): a sign, a text, or a number, true, false and null. */
const WORD =
  /(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy;
const SPACE = /[ \t\r\n]*/y;

type Wanted = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "end";

/** Gives the index at which a text stops being JSON, which the engine's own message does not always name; the text's length at its end. */
export function findJsonFault(text: string): number {
  const open: ("{" | "[")[] = [];
  let wanted: Wanted = "value";
  let at = 0;
  const after = (): Wanted => (open.length === 0 ? "end" : ", or end");
  for (;;) {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    if (found === null) return at;
    const [word, sign, string] = found;
    const isValue = wanted === "value" || wanted === "value or ]";
    if ((sign === "{" || sign === "[") && isValue) {
      open.push(sign);
      wanted = sign === "{" ? "key or }" : "value or ]";
    } else if (sign === "]" && open.at(-1) === "[" && (wanted === "value or ]" || wanted === ", or end")) {
      open.pop();
      wanted = after();
    } else if (sign === "}" && open.at(-1) === "{" && (wanted === "key or }" || wanted === ", or end")) {
      open.pop();
      wanted = after();
    } else if (sign === "," && wanted === ", or end") wanted = open.at(-1) === "{" ? "key" : "value";
    else if (sign === ":" && wanted === ":") wanted = "value";
    else if (string !== undefined && (wanted === "key" || wanted === "key or }")) wanted = ":";
    else if (sign === undefined && isValue) wanted = after();
    else return at;
    at += word.length;
  }
}
