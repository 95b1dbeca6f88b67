import type { Installation, Sandbox } from "../sandbox/sandbox.ts";

/** Keeps rules in a sandbox while something is done there, and takes them out whatever becomes of it. */
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
