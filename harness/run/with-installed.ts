import type { Installation, Sandbox } from "../sandbox/sandbox.ts";

/**
 * Puts rules into a sandbox, runs `use` and gives what it gives; takes the rules out again, also after an error. The sandbox must have been
 * entered. Throws what `use` throws, and `rules-refused` where the kernel refuses the rules.
 *
 * @example
 * await withInstalled(sandbox, { kind: "rules", rules }, () => sandbox.drive(requests))
 */
export async function withInstalled<T>(
  sandbox: Sandbox,
  installation: Installation,
  use: () => Promise<T>,
): Promise<T> {
  try {
    await sandbox.install(installation);
    return await use();
  } finally {
    await sandbox.clear();
  }
}
