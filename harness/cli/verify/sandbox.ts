import type { Sandbox } from "../../sandbox/sandbox.ts";
import { placePod } from "../arguments/pod-addresses.ts";
import type { CommandIo } from "../command.ts";
import { openInterruptibleSandbox } from "../interruption.ts";
import type { VerifyOptions } from "./options.ts";
import { isMadeFromConfig } from "./scenarios.ts";

/**
 * Opens the sandbox that `verify`'s options ask for; what takes long is told on stderr. In containers a pod that lives for one scenario
 * gets its rules as a mesh gives them, by an init container; one that sees many gets them from its resident agent, unless asked otherwise.
 */
export async function openVerifySandbox(
  options: VerifyOptions,
  io: CommandIo,
  life: "one-scenario" | "many-scenarios",
): Promise<Sandbox> {
  const isInitialised = options.captureBy === "init-container" || life === "one-scenario";
  return openInterruptibleSandbox(options.sandbox, {
    envoy: options.envoy,
    rights: options.rights,
    lifetime: options.afterwards === "keep" ? "kept" : "run",
    captureBy: isInitialised ? "init-container" : "resident-agent",
    ...(isMadeFromConfig(options) ? { addresses: placePod(options.line.capture) } : {}),
    say: (text) => io.err(`landfall: ${text}\n`),
  });
}
