import { LandfallError } from "../errors.ts";
import { openSandbox } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CommandIo } from "./command.ts";
import type { VerifyOptions } from "./verify-options.ts";

/** Opens the sandbox that `verify`'s options ask for; what takes long is told on stderr. */
export async function openVerifySandbox(options: VerifyOptions, io: CommandIo): Promise<Sandbox> {
  if (options.envoy === "real")
    throw new LandfallError("environment", "--envoy real: a real Envoy cannot be started yet; use --envoy stub.");
  return openSandbox(options.sandbox, {
    rights: options.rights,
    lifetime: options.afterwards === "keep" ? "kept" : "run",
    captureBy: options.captureBy,
    say: (text) => io.err(`landfall: ${text}\n`),
  });
}
