import type { GivenRules } from "../model/given-rules.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ParsedScenario } from "./scenario/parsed-scenario.ts";

/**
 * Gives what opens a sandbox whose kernel understands these texts of rules as landfall does. `tell` gets a sentence, once, for each text
 * that no tool takes. Opening throws what `open` throws, and `rules-misread` ({@link Sandbox.checkReading}); then the sandbox is gone.
 *
 * @example
 * const open = openChecked(() => openSandbox("netns"), read.given, (sentence) => notices.push(sentence))
 */
export function openChecked(
  open: () => Promise<Sandbox>,
  given: readonly GivenRules[],
  tell: (sentence: string) => void,
): () => Promise<Sandbox> {
  const told = new Set<string>();
  return async () => {
    const sandbox = await open();
    try {
      for (const sentence of await sandbox.checkReading(given)) {
        if (!told.has(sentence)) tell(sentence);
        told.add(sentence);
      }
    } catch (error) {
      await sandbox[Symbol.asyncDispose]();
      throw error;
    }
    return sandbox;
  };
}

/** Gives the texts of rules of some scenarios, each once. */
export function listGiven(scenarios: readonly Pick<ParsedScenario, "given">[]): readonly GivenRules[] {
  return [...new Set(scenarios.flatMap(({ given = [] }) => given))];
}
