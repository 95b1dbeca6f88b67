import { isList, isObject, type Json, type JsonObject, listOf, numberOf, textOf, unwrap } from "./ast.ts";

/** Words between two expressions. */
const OPERATORS = ["|", "&", "^", "<<", ">>"];

/**
 * Gives an expression of nft's JSON as nft(8) writes it; what is not known is given as JSON.
 *
 * @example renderExpression({ range: [80, 90] })   // "80-90"
 */
export function renderExpression(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return renderWord(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return value.map(renderExpression).join(",");
  const [kind, body] = unwrap(value) ?? [];
  if (kind === undefined || body === undefined) return JSON.stringify(value);
  if (OPERATORS.includes(kind) && isList(body))
    return body
      .map((part, i) => (i === 0 && bindsMore(part, kind) ? renderExpression(part) : renderOperand(part)))
      .join(` ${kind} `);
  const render = Object.hasOwn(EXPRESSIONS, kind) ? EXPRESSIONS[kind] : undefined;
  return render?.(body) ?? JSON.stringify(value);
}

/** `meta mark & 0xff | 0x100`: of all signs `&` binds most, so that no brackets are needed, and listings have none; nor has `a | b | c`. */
function bindsMore(part: Json, sign: string): boolean {
  const own = unwrap(part)?.[0];
  return own === sign || (own === "&" && (sign === "|" || sign === "^"));
}

function renderOperand(value: Json): string {
  const isNested = isList(value) || OPERATORS.includes(unwrap(value)?.[0] ?? "");
  const text = isList(value) ? value.map(renderExpression).join(" | ") : renderExpression(value);
  return isNested ? `(${text})` : text;
}

/** Words that nft would read otherwise stand in quotes. */
function renderWord(text: string): string {
  return /^[@$]?[A-Za-z0-9_][\w./:-]*$|^[\da-f:.]+$|^\*$/i.test(text) ? text : `"${text}"`;
}

const EXPRESSIONS: Readonly<Record<string, (body: Json) => string | null>> = {
  payload: (body) =>
    textOf(body, "protocol") === null
      ? `@${textOf(body, "base")},${numberOf(body, "offset")},${numberOf(body, "len")}`
      : `${textOf(body, "protocol")} ${textOf(body, "field")}`,
  meta: (body) => `meta ${textOf(body, "key")}`,
  ct: (body) => ["ct", textOf(body, "dir"), textOf(body, "key")].filter((part) => part !== null).join(" "),
  fib: (body) => `fib ${listOf(body, "flags").map(String).join(" . ")} ${textOf(body, "result")}`,
  socket: (body) => `socket ${textOf(body, "key")}`,
  rt: (body) => ["rt", textOf(body, "family"), textOf(body, "key")].filter((part) => part !== null).join(" "),
  range: (body) => (isList(body) ? body.map(renderExpression).join("-") : null),
  prefix: (body) => `${textOf(body, "addr")}/${numberOf(body, "len")}`,
  concat: (body) => (isList(body) ? body.map(renderExpression).join(" . ") : null),
  set: (body) => `{ ${(isList(body) ? body : [body]).map(renderElement).join(", ")} }`,
  elem: (body) => renderTimedElement(body),
  map: (body) => renderMap("map", body),
  vmap: (body) => renderMap("vmap", body),
  numgen: (body) =>
    `numgen ${textOf(body, "mode")} mod ${numberOf(body, "mod")}${numberOf(body, "offset") ? ` offset ${numberOf(body, "offset")}` : ""}`,
  accept: () => "accept",
  drop: () => "drop",
  continue: () => "continue",
  return: () => "return",
  jump: (body) => `jump ${textOf(body, "target")}`,
  goto: (body) => `goto ${textOf(body, "target")}`,
};

function renderMap(word: string, body: Json): string | null {
  if (!isObject(body)) return null;
  return `${renderExpression(body.key)} ${word} ${renderExpression(body.data)}`;
}

/** Gives an element of a set or map: `80`, `80 : drop`, `10.0.0.1 timeout 1h`. */
export function renderElement(element: Json): string {
  if (!isList(element)) return renderExpression(element);
  const [key, value] = element;
  return `${renderExpression(key)} : ${renderExpression(value)}`;
}

function renderTimedElement(body: Json): string | null {
  if (!isObject(body)) return null;
  const time = (word: string) => (typeof body[word] === "number" ? ` ${word} ${body[word]}s` : "");
  const comment = typeof body.comment === "string" ? ` comment "${body.comment}"` : "";
  return `${renderExpression(body.val)}${time("timeout")}${time("expires")}${comment}`;
}

/** Gives a statement of a rule as nft(8) writes it; what is not known is given as JSON. */
export function renderStatement(statement: Json): string {
  const [kind, body] = unwrap(statement) ?? [];
  if (kind === undefined || body === undefined) return JSON.stringify(statement);
  const render = Object.hasOwn(STATEMENTS, kind) ? STATEMENTS[kind] : undefined;
  if (render !== undefined) return render(isObject(body) ? body : {}, body);
  return Object.hasOwn(EXPRESSIONS, kind) ? renderExpression(statement) : JSON.stringify(statement);
}

type Render = (body: JsonObject, raw: Json) => string;

const STATEMENTS: Readonly<Record<string, Render>> = {
  match: ({ op, left, right }) => {
    const isMasked = OPERATORS.includes(unwrap(left)?.[0] ?? "");
    const isPlain = op === "==" || op === "in";
    const sign = isPlain ? (isMasked ? "== " : "") : `${String(op)} `;
    return `${renderExpression(left)} ${sign}${renderRight(right, op === "in" || op === "!")}`;
  },
  mangle: ({ key, value }) => `${renderExpression(key)} set ${renderExpression(value)}`,
  counter: (body, raw) =>
    typeof raw === "string"
      ? `counter name ${renderWord(raw)}`
      : `counter${typeof body.packets === "number" ? ` packets ${body.packets} bytes ${body.bytes ?? 0}` : ""}`,
  redirect: (body) => `redirect${body.port === undefined ? "" : ` to :${renderExpression(body.port)}`}${flags(body)}`,
  masquerade: (body) =>
    `masquerade${body.port === undefined ? "" : ` to :${renderExpression(body.port)}`}${flags(body)}`,
  dnat: (body) => renderNat("dnat", body),
  snat: (body) => renderNat("snat", body),
  tproxy: (body) => renderNat("tproxy", body),
  notrack: () => "notrack",
  reject: ({ type, expr }) => {
    if (type === undefined) return "reject";
    return type === "tcp reset"
      ? "reject with tcp reset"
      : `reject with ${String(type)}${expr === undefined ? "" : ` type ${String(expr)}`}`;
  },
  log: (body) => {
    const options = Object.entries(body).map(([name, value]) =>
      name === "prefix" ? ` prefix "${String(value)}"` : ` ${name.replace("-", "-")} ${renderExpression(value)}`,
    );
    return `log${options.join("")}`;
  },
  limit: ({ rate, rate_unit, per, burst, burst_unit, inv }, raw) => {
    if (typeof raw === "string") return `limit name ${renderWord(raw)}`;
    const unit = typeof rate_unit === "string" && rate_unit !== "packets" ? ` ${rate_unit}` : "";
    const bursts =
      typeof burst === "number" ? ` burst ${burst} ${typeof burst_unit === "string" ? burst_unit : "packets"}` : "";
    return `limit rate ${inv ? "over " : ""}${String(rate)}${unit}/${String(per)}${bursts}`;
  },
  quota: ({ val, val_unit, inv, used, used_unit }, raw) =>
    typeof raw === "string"
      ? `quota name ${renderWord(raw)}`
      : `quota ${inv ? "over " : ""}${String(val)} ${String(val_unit)}${typeof used === "number" ? ` used ${used} ${String(used_unit)}` : ""}`,
  "ct count": ({ val, inv }) => `ct count ${inv ? "over " : ""}${String(val)}`,
  set: (body) => {
    const parts = [renderExpression(body.elem), ...listOf(body, "stmt").map(renderStatement)];
    return `${textOf(body, "op")} ${textOf(body, "set")} { ${parts.join(" ")} }`;
  },
  queue: ({ num }) => `queue${num === undefined ? "" : ` to ${renderExpression(num)}`}`,
  "ct helper": (_, raw) => `ct helper set ${renderWord(String(raw))}`,
  "ct timeout": (_, raw) => `ct timeout set ${renderWord(String(raw))}`,
  "ct expectation": (_, raw) => `ct expectation set ${renderWord(String(raw))}`,
  verbatim: (_, raw) => String(raw),
  xt: ({ type, name }) => `xt ${String(type)} ${renderWord(String(name))}`,
};

/** Bits of a value stand in brackets where they are compared as one value. */
function renderRight(right: Json | undefined, asksBits: boolean): string {
  if (typeof right === "boolean") return right ? "exists" : "missing";
  return isMulti(right) && !asksBits ? renderOperand(right ?? null) : renderExpression(right);
}

function isMulti(value: Json | undefined): boolean {
  return isList(value) || unwrap(value)?.[0] === "|";
}

function renderNat(word: string, body: JsonObject): string {
  const family = typeof body.family === "string" ? ` ${body.family}` : "";
  const address = body.addr === undefined ? "" : bracket(body.addr, body.port !== undefined);
  const port = body.port === undefined ? "" : `:${renderExpression(body.port)}`;
  return `${word}${family} to ${address}${port}${flags(body)}`;
}

/** An IPv6 address stands in brackets before a port. */
function bracket(address: Json, hasPort: boolean): string {
  const text = renderExpression(address);
  return hasPort && text.includes(":")
    ? text
        .split("-")
        .map((end) => `[${end}]`)
        .join("-")
    : text;
}

function flags(body: JsonObject): string {
  const names = listOf(body, "flags").map(String);
  return names.length === 0 ? "" : ` ${names.join(",")}`;
}
