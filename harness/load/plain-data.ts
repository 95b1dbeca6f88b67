/** Values that plain data may hold, counted with all that is in them: enough for any scenario, not for one that has no end. */
const VALUES_AT_MOST = 100_000;

/** Stands for a function or a symbol, which are no data: whoever reads the field finds that it is of the wrong kind. */
const NOT_DATA: Readonly<Record<string, never>> = Object.freeze({});

/**
 * Copies a value that somebody else's code made into plain data: lists, objects, texts, numbers, booleans, null, undefined. Getters and
 * proxies are asked once, here; an error that they throw is thrown on, with the field's name. Throws a TypeError for what goes round or has
 * no end.
 */
export function toPlainData(value: unknown): unknown {
  let count = 0;
  const above = new Set<object>();
  const copy = (each: unknown, path: string): unknown => {
    if (++count > VALUES_AT_MOST) throw new TypeError(`more than ${VALUES_AT_MOST} values are exported`);
    if (typeof each === "function" || typeof each === "symbol") return NOT_DATA;
    if (typeof each === "bigint") return Number(each);
    if (typeof each !== "object" || each === null) return each;
    if (above.has(each)) throw new TypeError(`${path || "the default export"} holds itself`);
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
