import type { Command } from "./command.ts";

/**
 * Every command, by name, with the module that holds it. Loaded only when it runs: `apply` must start fast.
 * A new command is one file and one line here.
 */
export const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> =
  {};
