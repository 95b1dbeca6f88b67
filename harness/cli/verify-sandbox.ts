import { openSandbox } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CommandIo } from "./command.ts";
import type { VerifyOptions } from "./verify-options.ts";

/** Opens the sandbox that `verify`'s options ask for; what takes long is told on stderr. */
export async function openVerifySandbox(options: VerifyOptions, io: CommandIo): Promise<Sandbox> {
  return openSandbox(options.sandbox, {
    envoy: options.envoy,
    rights: options.rights,
    lifetime: options.afterwards === "keep" ? "kept" : "run",
    captureBy: options.captureBy,
    say: (text) => io.err(`landfall: ${text}\n`),
  });
}
