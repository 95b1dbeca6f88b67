import type { Family } from "../../model/address.ts";
import { renderPlaceKey, type TablePlace, tablePlace } from "../../model/rule-place.ts";
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
    for (const step of steps) if (step.matched === true) this.#increment(renderPlaceKey({ ...step, family }));
    for (const policy of policies) this.#increment(renderPlaceKey({ ...policy, family, index: 0 }));
  }

  /** Gives a rule set with what was counted for it. */
  count(ruleset: Ruleset): Ruleset {
    const { family } = ruleset;
    return {
      family,
      tables: ruleset.tables.map((table) => ({
        ...table,
        chains: table.chains.map((chain) => this.#countChain(family, tablePlace(table), chain)),
      })),
    };
  }

  #countChain(family: Family, table: TablePlace, chain: Chain): Chain {
    const read = (index: number) => this.#read(renderPlaceKey({ family, ...table, chain: chain.name, index }));
    const rules = chain.rules.map((rule, i) => ({ ...rule, counters: read(i + 1) }));
    return chain.base === null ? { ...chain, rules } : { ...chain, rules, counters: read(0) };
  }

  /** Place 0 of a chain is its policy. */
  #increment(key: string): void {
    this.#packets.set(key, (this.#packets.get(key) ?? 0) + 1);
  }

  #read(key: string): Counters {
    return { packets: this.#packets.get(key) ?? 0, bytes: 0 };
  }
}
