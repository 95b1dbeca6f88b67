/**
 * Gives a function that makes a thing for each key once. fast-check asks `chain` for a generator at every draw, and making those of rules
 * takes several times as long as drawing from them.
 */
export function madeOnce<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key) ?? make(key);
    made.set(key, known);
    return known;
  };
}
