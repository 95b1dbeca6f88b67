/** Values that plain data may hold, counted with all that is in them: enough for any scenario, not for one that has no end. */
const VALUES_AT_MOST = 100_000;
/** Characters of all texts together. */
const CHARACTERS_AT_MOST = 2 ** 24;
/** What is nested deeper cannot be walked through without running out of stack. */
const DEPTH_AT_MOST = 64;

/** Stands for a function or a symbol, which are no data: whoever reads the field finds that it is of the wrong kind. */
const NOT_DATA: Readonly<Record<string, never>> = Object.freeze({});

/**
 * Copies a value that somebody else's code made into plain data: lists, objects, texts, numbers, booleans, null, undefined. Getters and
 * proxies are asked once, here; an error that they throw is thrown on, with the field's name. Throws a TypeError for a value that contains
 * itself, or is too deep or too large.
 */
export function toPlainData(value: unknown): unknown {
  let [count, characters] = [0, 0];
  const above = new Set<object>();
  const countIn = (each: unknown) => {
    count += 1;
    if (typeof each === "string") characters += each.length;
    if (count > VALUES_AT_MOST) throw new TypeError(`more than ${VALUES_AT_MOST} values are exported`);
    if (characters > CHARACTERS_AT_MOST) throw new TypeError(`more than ${CHARACTERS_AT_MOST} characters are exported`);
  };
  const copy = (each: unknown, path: string): unknown => {
    countIn(each);
    if (typeof each === "function" || typeof each === "symbol") return NOT_DATA;
    if (typeof each === "bigint") return Number(each);
    if (typeof each !== "object" || each === null) return each;
    if (above.has(each)) throw new TypeError(`${path || "the default export"} contains itself`);
    if (above.size >= DEPTH_AT_MOST) throw new TypeError(`it is nested more than ${DEPTH_AT_MOST} levels deep`);
    above.add(each);
    const copied = Array.isArray(each) ? copyList(each, path) : copyFields(each, path);
    above.delete(each);
    return copied;
  };
  const read = (from: object, key: string, path: string): unknown => {
    try {
      return (from as Record<string, unknown>)[key];
    } catch (error) {
      throw new TypeError(`reading ${path} threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const copyList = (list: readonly unknown[], path: string): unknown => {
    const length = Number(read(list, "length", `${path}.length`));
    if (length > VALUES_AT_MOST) throw new TypeError(`more than ${VALUES_AT_MOST} values are exported`);
    return Array.from({ length }, (_, i) => copy(read(list, `${i}`, `${path}[${i}]`), `${path}[${i}]`));
  };
  const copyFields = (fields: object, path: string): unknown =>
    Object.fromEntries(
      Object.keys(fields).map((key) => {
        const place = path === "" ? key : `${path}.${key}`;
        return [key, copy(read(fields, key, place), place)];
      }),
    );
  return copy(value, "");
}
