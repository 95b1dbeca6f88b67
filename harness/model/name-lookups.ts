/** Gives the number that a name stands for on some machine, or null where it knows no such name. */
export type NameLookup = (name: string) => number | null;

/** The names of a machine, each kind looked up by a function: pure rooms read no files. */
export interface NameLookups {
  /** A user's uid. */
  readonly user: NameLookup;
  /** A group's gid. */
  readonly group: NameLookup;
  /** The port of a TCP service: `http` is 80. */
  readonly service: NameLookup;
  /** The number of a routing table, as rt_tables lists them. */
  readonly routeTable: NameLookup;
}

/** A machine without names: what is read with it means the same everywhere. */
export const NO_LOOKUPS: NameLookups = {
  user: () => null,
  group: () => null,
  service: () => null,
  routeTable: () => null,
};
