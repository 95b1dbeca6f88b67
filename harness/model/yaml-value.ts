/** What can give its value, as a document of the yaml package does. */
interface YamlDocument {
  toJS(options?: { readonly maxAliasCount?: number }): unknown;
}

/**
 * Gives the value of a document of YAML. Throws an `Error` whose message says what is wrong with its aliases: they name nothing, they would
 * multiply without end, or one stands inside what it names, so that its value would contain itself.
 *
 * @example
 * readYamlValue(parseDocument("a: &ports [80]\nb: *ports"))   // { a: [80], b: [80] }
 */
export function readYamlValue(document: YamlDocument, options: { readonly maxAliasCount?: number } = {}): unknown {
  const value = document.toJS(options);
  if (holdsItself(value, new Set())) throw new Error("An alias stands inside what it names; write the value out");
  return value;
}

function holdsItself(value: unknown, around: Set<unknown>): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (around.has(value)) return true;
  around.add(value);
  const isFound = Object.values(value).some((each) => holdsItself(each, around));
  around.delete(value);
  return isFound;
}
