import type { Hook } from "../model/hook.ts";
import type { Rule } from "../model/ruleset.ts";
import type { TraceStep } from "../model/trace.ts";
import type { CompiledRule } from "./compiled-chain.ts";
import type { Packet } from "./packet.ts";
import { describeMismatch } from "./why.ts";

type Render = (chain: string, rule: Rule) => string;

/** Gives the steps of rules in a row that a packet passed by. Thousands may stand there, of which a reader sees a few. */
export function passSteps(
  [hook, rules, packet]: readonly [hook: Hook, rules: readonly CompiledRule[], packet: Packet],
  renderRule: Render,
): readonly TraceStep[] {
  // What comes later may change the packet.
  const copy = { ...packet };
  return rules.map((rule) => new PassedStep(hook, rule, copy, renderRule));
}

class PassedStep implements TraceStep {
  readonly hook: Hook;
  readonly matched = false;
  readonly verdict = null;
  readonly #rule: CompiledRule;
  readonly #packet: Packet;
  readonly #render: Render;
  constructor(hook: Hook, rule: CompiledRule, packet: Packet, render: Render) {
    this.hook = hook;
    this.#rule = rule;
    this.#packet = packet;
    this.#render = render;
  }
  get family() {
    return this.#packet.family;
  }
  get table() {
    return this.#rule.table.name;
  }
  get chain() {
    return this.#rule.chain;
  }
  get index() {
    return this.#rule.index;
  }
  get rule() {
    return this.#render(this.#rule.chain, this.#rule.rule);
  }
  get why() {
    const { matches, tests } = this.#rule;
    return describeMismatch(
      matches.find((_, i) => !tests[i]?.(this.#packet)),
      this.#packet,
    );
  }
}
