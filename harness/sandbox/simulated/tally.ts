import type { Family } from "../../model/address.ts";
import type { Chain, Counters, Ruleset } from "../../model/ruleset.ts";
import type { PacketTrace } from "../../netfilter/recording.ts";

/**
 * Counts which rules and policies packets have met, as the kernel's counters do. Only the packets that decide a landing are simulated (no
 * repeats, no closing), so numbers are lower than a kernel's; zero is zero in both. Bytes are not simulated: always 0.
 */
export class Tally {
  readonly #packets = new Map<string, number>();

  /** Counts one packet's way. */
  add({ family, steps, policies }: PacketTrace): void {
    for (const { table, chain, index, matched } of steps)
      if (matched === true) this.#increment(family, table, chain, index);
    for (const { table, chain } of policies) this.#increment(family, table, chain, 0);
  }

  /** Gives a rule set with what was counted for it. */
  count(ruleset: Ruleset): Ruleset {
    const { family } = ruleset;
    return {
      family,
      tables: ruleset.tables.map((table) => ({
        ...table,
        chains: table.chains.map((chain) => this.#countChain(family, table.name, chain)),
      })),
    };
  }

  #countChain(family: Family, table: string, chain: Chain): Chain {
    const rules = chain.rules.map((rule, i) => ({ ...rule, counters: this.#read(family, table, chain.name, i + 1) }));
    return chain.base === null
      ? { ...chain, rules }
      : { ...chain, rules, counters: this.#read(family, table, chain.name, 0) };
  }

  /** Place 0 of a chain is its policy. */
  #increment(family: Family, table: string, chain: string, place: number): void {
    const key = `${family} ${table} ${chain} ${place}`;
    this.#packets.set(key, (this.#packets.get(key) ?? 0) + 1);
  }

  #read(family: Family, table: string, chain: string, place: number): Counters {
    return { packets: this.#packets.get(`${family} ${table} ${chain} ${place}`) ?? 0, bytes: 0 };
  }
}
