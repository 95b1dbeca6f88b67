/** What one way to combine diagrams has already combined: the result for each pair of them, all by number. */
export interface Memo {
  /** Gives what was noted for a pair; undefined if nothing was. */
  get(first: number, second: number): number | undefined;
  /** Notes the result for a pair that has none yet. */
  set(first: number, second: number, result: number): void;
}

const SMALLEST = 16;
/** Numbers a slot has: the pair, and the result plus one, so that 0 says that the slot is empty. */
const SLOT = 3;

/**
 * Opens a table of pairs of whole numbers from 0, with room for as many as come. It stands in one array, since an analysis notes
 * millions of pairs, and a Map would keep an object for each.
 *
 * @example
 * const pairs = openPairs(); pairs.set(3, 7, 12); pairs.get(3, 7) // 12
 */
export function openPairs(): Memo {
  let size = SMALLEST;
  let slots = new Int32Array(size * SLOT);
  let count = 0;

  /** Gives where a pair stands, or where it is to stand. */
  function find(first: number, second: number): number {
    let at = hashPair(first, second) & (size - 1);
    for (;;) {
      const slot = at * SLOT;
      if (slots[slot + 2] === 0 || (slots[slot] === first && slots[slot + 1] === second)) return slot;
      at = (at + 1) & (size - 1);
    }
  }

  function put(first: number, second: number, kept: number): void {
    const slot = find(first, second);
    slots[slot] = first;
    slots[slot + 1] = second;
    slots[slot + 2] = kept;
  }

  /** Half of the slots at least stay empty, so that a search ends soon. */
  function grow(): void {
    const full = slots;
    size *= 2;
    slots = new Int32Array(size * SLOT);
    for (let slot = 0; slot < full.length; slot += SLOT)
      if (full[slot + 2] !== 0) put(full[slot] as number, full[slot + 1] as number, full[slot + 2] as number);
  }

  return {
    get: (first, second) => {
      const kept = slots[find(first, second) + 2] as number;
      return kept === 0 ? undefined : kept - 1;
    },
    set: (first, second, result) => {
      if (++count * 2 > size) grow();
      put(first, second, result + 1);
    },
  };
}

function hashPair(first: number, second: number): number {
  const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/**
 * Gives a function that makes something of a pair of whole numbers from 0 once, and then knows it.
 *
 * @example
 * const sum = rememberPairs((first, second) => first + second); sum(3, 4) // 7
 */
export function rememberPairs(make: (first: number, second: number) => number): typeof make {
  const known = openPairs();
  return (first, second) => {
    const found = known.get(first, second);
    if (found !== undefined) return found;
    const made = make(first, second);
    known.set(first, second, made);
    return made;
  };
}
