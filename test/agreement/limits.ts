import type { KindCount } from "./kinds.ts";

/** What a run has looked at, in flows. */
export interface Shares {
  /** All flows that were driven. */
  readonly flows: number;
  /** Those whose landing the simulator does not know. */
  readonly unknown: number;
  /** Those whose landing the sandbox could not see. */
  readonly blind: number;
  /** Those of which a rule decided what becomes of a packet. */
  readonly decided: number;
  /** Those that land elsewhere than without rules. */
  readonly elsewhere: number;
}

/** Of the flows that are driven, at most so many have no landing to compare. */
const WITHOUT_LANDING_AT_MOST = 0.01;
/** A run that rules seldom have a say in compares the pod with itself. */
const DECIDED_AT_LEAST = 0.3;
/** Fewer rule sets do not tell how often a kind is drawn. */
const SETS_TO_TELL = 100;

/**
 * Gives what keeps a run from saying anything, one sentence each: flows without a landing, flows that no rule decides, kinds of matches and
 * targets that are in too few rule sets. Kinds are judged from 100 rule sets on.
 *
 * @example
 * listShortfalls({ flows: 100, unknown: 0, blind: 0, decided: 12, elsewhere: 12 }, [], 4)
 * // ["a rule decides 12.0 % of the flows; 30 % are wanted"]
 */
export function listShortfalls(shares: Shares, kinds: readonly KindCount[], sets: number): readonly string[] {
  const { flows, unknown, blind, decided } = shares;
  const isBlind = flows === 0 || (unknown + blind) / flows > WITHOUT_LANDING_AT_MOST;
  const isIdle = flows === 0 || decided / flows < DECIDED_AT_LEAST;
  const rare = sets < SETS_TO_TELL ? [] : kinds.filter((kind) => kind.sets < kind.wanted);
  return [
    ...(isBlind ? [`${percent(unknown + blind, flows)} of the flows have no landing to compare; 1 % may`] : []),
    ...(isIdle ? [`a rule decides ${percent(decided, flows)} of the flows; 30 % are wanted`] : []),
    ...rare.map(({ name, sets: some, wanted }) => `${name} is in ${some} rule sets; ${wanted} are wanted`),
  ];
}

/** Gives the shares of a run, one a line. */
export function renderShares({ flows, unknown, blind, decided, elsewhere }: Shares): string {
  const line = (what: string, count: number) =>
    `${what.padEnd(40)} ${String(count).padStart(7)}  ${percent(count, flows).padStart(7)}`;
  return [
    line("flows driven", flows),
    line("decided by a rule", decided),
    line("landed elsewhere than without rules", elsewhere),
    line("could not look: simulator", unknown),
    line("could not look: sandbox", blind),
  ].join("\n");
}

function percent(some: number, all: number): string {
  return `${((100 * some) / Math.max(all, 1)).toFixed(1)} %`;
}
