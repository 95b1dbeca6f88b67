/** A source of choices that gives the same ones for the same seed. */
export interface Dice {
  /** Gives a whole number from `first` to `last`, both included. */
  readonly number: (first: number, last: number) => number;
  /** Gives one of some things. */
  readonly pick: <T>(things: readonly T[]) => T;
  /** Says yes that often: 0.25 is one time in four. */
  readonly chance: (share: number) => boolean;
}

/** Opens dice (the mulberry32 generator, public domain). */
export function openDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const number = (first: number, last: number) => first + Math.floor(next() * (last - first + 1));
  return {
    number,
    pick: (things) => {
      if (things.length === 0) throw new RangeError("there is nothing to pick from");
      return things[number(0, things.length - 1)] as (typeof things)[number];
    },
    chance: (share) => next() < share,
  };
}
