/** What was made of each part of a list: `made[i]` of `parts[i]`. */
export interface MadeOf<Part, Made> {
  readonly parts: readonly Part[];
  readonly made: readonly Made[];
}

/**
 * Gives what was made of a list for the part that stands at a place of another list, where the same stands at that place from one end of
 * both; undefined where it does at neither. So lists are aligned that differ in what stands at some places, or in what was added at one.
 *
 * @example
 * findMade({ parts: ["a", "b", "d"], made: [1, 2, 4] }, ["a", "b", "c", "d"], 3, (one, other) => one === other)   // 4
 */
export function findMade<Part, Made>(
  { parts, made }: MadeOf<Part, Made>,
  others: readonly Part[],
  place: number,
  isSame: (one: Part | undefined, other: Part | undefined) => boolean,
): Made | undefined {
  if (isSame(parts[place], others[place])) return made[place];
  const fromEnd = place + parts.length - others.length;
  return isSame(parts[fromEnd], others[place]) ? made[fromEnd] : undefined;
}
