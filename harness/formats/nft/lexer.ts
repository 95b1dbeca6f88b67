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

/** One form of what a text is made of: a token of some kind, or a space or comment, which is `passed`. */
interface Form {
  readonly kind: Token["kind"] | "passed";
  /** Gives where one that begins at a place ends; -1 where none does. */
  readonly find: (text: string, at: number) => number;
}

function makeForm(kind: Form["kind"], pattern: RegExp): Form {
  return { kind, find: (text, at) => findEnd(pattern, text, at) };
}

function findEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

const SPACES = makeForm("passed", SPACE);
const COMMENTS = makeForm("passed", COMMENT);
const STRINGS = makeForm("string", STRING);
const SIX: Form = { kind: "address", find: findIpv6End };
const FOUR = makeForm("address", IPV4);
const NUMBERS = makeForm("number", NUMBER);
const WORDS = makeForm("word", WORD);
const SIGNS = makeForm("sign", SIGN);

/**
 * The forms that may begin with each character of ASCII, in the order in which they are tried. The first character leaves one for nearly
 * every word, so that a large text is read in less than half of the time that trying every form takes.
 */
const FORMS: readonly (readonly Form[])[] = Array.from({ length: 128 }, (_, code) =>
  listForms(String.fromCharCode(code)),
);

function listForms(first: string): readonly Form[] {
  if (/[ \t\r\\]/.test(first)) return [SPACES];
  if (first === "#") return [COMMENTS];
  if (first === '"') return [STRINGS];
  if (/\d/.test(first)) return [SIX, FOUR, NUMBERS, WORDS];
  if (/[a-f]/i.test(first)) return [SIX, WORDS];
  if (/[\w@$]/.test(first)) return [WORDS];
  return first === ":" ? [SIX, SIGNS] : [SIGNS];
}

const BLANK = " ".charCodeAt(0);
const NO_FORMS: readonly Form[] = [];

/** A text while it is taken apart. */
interface Lexing {
  readonly text: string;
  readonly tokens: Token[];
  readonly faults: LexFault[];
  readonly piece: Piece;
  at: number;
  line: number;
  lineStart: number;
}

/** Takes a text of nft(8) apart; a line's end is the sign `\n`. What cannot be a word is a fault, and is passed over. */
export function readTokens(text: string): { readonly tokens: readonly Token[]; readonly faults: readonly LexFault[] } {
  const piece: Piece = { kind: "fault", stop: 0 };
  const lexing: Lexing = { text, tokens: [], faults: [], piece, at: 0, line: 1, lineStart: 0 };
  while (lexing.at < text.length)
    if (text.charCodeAt(lexing.at) === BLANK) lexing.at++;
    else takePiece(lexing);
  const { tokens, faults, at, line, lineStart } = lexing;
  tokens.push({ kind: "end", text: "", line, column: at - lineStart + 1, start: at, stop: at });
  return { tokens, faults };
}

/** A function of its own: V8 makes fast code of what is called often before it does of a loop that runs once. */
function takePiece(lexing: Lexing): void {
  const { text, tokens, faults, piece, at, line } = lexing;
  findPiece(text, at, piece);
  const { kind, stop } = piece;
  const raw = text.slice(at, stop);
  const column = at - lexing.lineStart + 1;
  if (kind === "fault")
    faults.push({ token: { kind: "word", text: raw, line, column, start: at, stop }, message: faultOf(raw) });
  else if (kind !== "passed")
    tokens.push({ kind, text: kind === "string" ? raw.slice(1, -1) : raw, line, column, start: at, stop });
  // A line ends at a sign of its own, or among spaces where it goes on below.
  const end = raw === "\n" || kind === "passed" ? raw.lastIndexOf("\n") : -1;
  if (end >= 0) {
    lexing.line += raw.split("\n").length - 1;
    lexing.lineStart = at + end + 1;
  }
  lexing.at = stop;
}

/** What begins at a place of a text, and where it ends. */
interface Piece {
  kind: Form["kind"] | "fault";
  stop: number;
}

/** Fills in the piece that begins at a place: one object serves for a whole text. */
function findPiece(text: string, at: number, piece: Piece): void {
  if (findPlainPiece(text, at, piece)) return;
  for (const { kind, find } of FORMS[text.charCodeAt(at)] ?? NO_FORMS) {
    piece.stop = find(text, at);
    piece.kind = kind;
    if (piece.stop >= 0) return;
  }
  piece.kind = "fault";
  piece.stop = at + 1;
}

/** What a character is part of: a word alone, a word or number, a number or address, or none of these; its bits are tested. */
const [LETTER, DIGIT, WORD_SIGN, OPEN_END] = [1, 2, 4, 8];
const CLASSES: readonly number[] = Array.from({ length: 128 }, (_, code) => classOf(String.fromCharCode(code)));

function classOf(character: string): number {
  if (/[A-Za-z_]/.test(character)) return LETTER;
  if (/\d/.test(character)) return DIGIT;
  if (/[./\\-]/.test(character)) return WORD_SIGN;
  return /[:*]/.test(character) ? OPEN_END : 0;
}

/**
 * Fills in a word or a decimal number that nothing else can begin with, as nearly all of a listing are: no `:` makes an address of it, and
 * no `*` or letter goes on behind it.
 */
function findPlainPiece(text: string, at: number, piece: Piece): boolean {
  const first = CLASSES[text.charCodeAt(at)];
  const taken = first === LETTER ? LETTER | DIGIT | WORD_SIGN : first === DIGIT ? DIGIT : 0;
  if (taken === 0) return false;
  let stop = at + 1;
  while (((CLASSES[text.charCodeAt(stop)] ?? 0) & taken) !== 0) stop++;
  const behind = CLASSES[text.charCodeAt(stop)] ?? 0;
  if (behind === OPEN_END || (first === DIGIT && (behind !== 0 || text.charCodeAt(stop) > 127))) return false;
  piece.kind = first === LETTER ? "word" : "number";
  piece.stop = stop;
  return true;
}

function faultOf(sign: string): string {
  return sign === '"' ? "This quoted text does not end on its line." : `"${sign}" is not valid in nft's language.`;
}

/** Gives the end of the longest beginning of a word with colons that is an address: a port may follow behind one more. */
function findIpv6End(text: string, at: number): number {
  const end = findEnd(IPV6, text, at);
  for (let stop = end; stop > at + 1; stop--) if (parseAddress(text.slice(at, stop))?.family === 6) return stop;
  return -1;
}
