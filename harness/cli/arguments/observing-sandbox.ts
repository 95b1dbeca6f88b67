import { KERNEL_CHOICES, type KernelChoice } from "../../model/backends.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { listWords } from "../../model/listed-words.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import { openChecked } from "../../run/checked-sandbox.ts";
import type { OpenSandbox } from "../../run/observation/claims.ts";
import type { CommandIo } from "../command.ts";
import { openInterruptibleSandbox } from "../interruption.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "./options.ts";

/** The option that says where `--observe` drives what an analysis says. */
export const OBSERVING_SANDBOX_OPTION: OptionSpec = {
  name: "sandbox",
  value: "BACKEND",
  choices: KERNEL_CHOICES,
  help: `${listWords(KERNEL_CHOICES, "or")}, for --observe (default auto)`,
};

/**
 * Gives what opens the sandbox that {@link OBSERVING_SANDBOX_OPTION} names, with the pod at these addresses if the backend lets it choose.
 * Its kernel understands the texts `given` as landfall does. An interruption disposes of the sandbox. Opening throws `environment` where
 * the backend does not work, and as {@link openChecked}.
 */
export function observingSandbox(
  options: ParsedOptions,
  addresses: SandboxAddresses,
  given: readonly GivenRules[],
  io: Pick<CommandIo, "err">,
): OpenSandbox {
  const backend = (lastValue(options, "sandbox") ?? "auto") as KernelChoice;
  return openChecked(
    () => openInterruptibleSandbox(backend, { addresses }),
    given,
    (sentence) => io.err(`landfall: ${sentence}\n`),
  );
}
