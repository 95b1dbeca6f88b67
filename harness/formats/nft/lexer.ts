import { parseAddress } from "../../model/address.ts";

/** One word of a text of nft(8), with its place; lines and columns are counted from 1. `end` also stands for the end of the text. */
export interface Token {
  readonly kind: "word" | "number" | "address" | "string" | "sign" | "end";
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly stop: number;
}

/** What cannot be a word, as a token and a message. */
export interface LexFault {
  readonly token: Token;
  readonly message: string;
}

const SPACE = /(?:[ \t\r]+|\\\r?\n)+/y;
const COMMENT = /#[^\n]*/y;
const STRING = /"([^"\n]*)"/y;
const NUMBER = /(?:0x[0-9a-fA-F]+|\d+)(?![\w.])/y;
const IPV4 = /\d+\.\d+\.\d+\.\d+(?![\w.])/y;
const IPV6 = /[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*/y;
/** A word may hold dashes and slashes, as interfaces and `echo-request` do; `eth*` stands for any ending. */
const WORD = /[@$]?[A-Za-z_][\w./\\-]*\*?|\d+[A-Za-z]\w*/y;
const SIGN = /==|!=|<=|>=|<<|>>|[{}()[\],.:;\-/=&|^!<>*+]|\n/y;

/** Takes a text of nft(8) apart; a line's end is the sign `\n`. What cannot be a word is a fault, and is passed over. */
export function readTokens(text: string): { readonly tokens: readonly Token[]; readonly faults: readonly LexFault[] } {
  const tokens: Token[] = [];
  const faults: LexFault[] = [];
  let [at, line, lineStart] = [0, 1, 0];
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  const make = (kind: Token["kind"], own: string, length: number): Token => ({
    kind,
    text: own,
    line,
    column: at - lineStart + 1,
    start: at,
    stop: at + length,
  });
  while (at < text.length) {
    const passed = match(SPACE) ?? match(COMMENT);
    const token = passed === null ? readToken(match, make) : null;
    const raw = passed ?? (token === null ? (text[at] ?? "") : text.slice(token.start, token.stop));
    if (token !== null) tokens.push(token);
    else if (passed === null) faults.push({ token: make("word", raw, 1), message: faultOf(raw) });
    for (let i = raw.indexOf("\n"); i >= 0; i = raw.indexOf("\n", i + 1)) {
      line++;
      lineStart = at + i + 1;
    }
    at += raw.length;
  }
  tokens.push(make("end", "", 0));
  return { tokens, faults };
}

function faultOf(sign: string): string {
  return sign === '"' ? "This quoted text does not end on its line." : `"${sign}" is not valid in nft's language.`;
}

type Make = (kind: Token["kind"], text: string, length: number) => Token;

function readToken(match: (pattern: RegExp) => string | null, make: Make): Token | null {
  const string = match(STRING);
  if (string !== null) return make("string", string.slice(1, -1), string.length);
  const six = readIpv6(match(IPV6));
  if (six !== null) return make("address", six, six.length);
  const four = match(IPV4);
  if (four !== null) return make("address", four, four.length);
  const number = match(NUMBER);
  if (number !== null) return make("number", number, number.length);
  const word = match(WORD);
  if (word !== null) return make("word", word, word.length);
  const sign = match(SIGN);
  return sign === null ? null : make("sign", sign, sign.length);
}

/** The longest beginning of a word with colons that is an address: a port may follow behind one more. */
function readIpv6(text: string | null): string | null {
  for (let length = text?.length ?? 0; length > 1; length--) {
    const part = text?.slice(0, length) ?? "";
    if (parseAddress(part)?.family === 6) return part;
  }
  return null;
}
