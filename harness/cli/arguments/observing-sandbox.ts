import { KERNEL_CHOICES, type KernelChoice, listChoices } from "../../model/backends.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { OpenSandbox } from "../../run/observation/claims.ts";
import { openInterruptibleSandbox } from "../interruption.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "./options.ts";

/** The option that says where `--observe` drives what an analysis says. */
export const OBSERVING_SANDBOX_OPTION: OptionSpec = {
  name: "sandbox",
  value: "BACKEND",
  choices: KERNEL_CHOICES,
  help: `${listChoices(KERNEL_CHOICES)}, for --observe (default auto)`,
};

/**
 * Gives what opens the sandbox that {@link OBSERVING_SANDBOX_OPTION} names, with the pod at these addresses if the backend lets it choose.
 * An interruption disposes of the sandbox. Opening throws `environment` where the backend does not work.
 */
export function observingSandbox(options: ParsedOptions, addresses: SandboxAddresses): OpenSandbox {
  const backend = (lastValue(options, "sandbox") ?? "auto") as KernelChoice;
  return () => openInterruptibleSandbox(backend, { addresses });
}
