import { defineConfig } from "vitest/config";

/** Vitest as a user has it, its own time-outs included. */
export default defineConfig({
  ssr: { resolve: { conditions: ["landfall-source", "module", "node", "development|production"] } },
  test: { root: import.meta.dirname, include: ["timeout-victim.ts"] },
});
