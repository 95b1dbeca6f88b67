import { codedFinding, type Parsed } from "../model/finding.ts";

/** Landfall's own data nest about a dozen levels; code that walks through data would run out of stack on levels without end. */
const DEPTH_AT_MOST = 64;

/**
 * Reads JSON that a user gives. The finding names the file and, where V8 tells them, line and column; data that nest more than 64 levels
 * are refused.
 *
 * @example
 * parseJsonText("[1", "p.json")   // { ok: false, findings: [{ where: "p.json", message: "This is not JSON: …" }] }
 */
export function parseJsonText(text: string, where: string): Parsed<unknown> {
  if (measureDepth(text) > DEPTH_AT_MOST)
    return {
      ok: false,
      findings: [
        codedFinding("malformed-text", where, `Lists and objects are nested more than ${DEPTH_AT_MOST} levels deep.`),
      ],
    };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as SyntaxError;
    const [, line, column] = /line (\d+) column (\d+)/.exec(message) ?? [];
    return {
      ok: false,
      findings: [
        codedFinding("malformed-text", where, `This is not JSON: ${message}.`, toNumber(line), toNumber(column)),
      ],
    };
  }
}

/** Counts brackets outside of texts. A text that does not end is no JSON, and is left to the parser. */
function measureDepth(text: string): number {
  let [depth, deepest, isInText] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (isInText && sign === "\\") i++;
    else if (sign === '"') isInText = !isInText;
    else if (isInText) continue;
    else if (sign === "[" || sign === "{") deepest = Math.max(deepest, ++depth);
    else if (sign === "]" || sign === "}") depth--;
  }
  return deepest;
}

function toNumber(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
