import { defineConfig } from "vitest/config";

/** A vitest of its own, with time-outs for a machine that does much else. */
export default defineConfig({
  ssr: { resolve: { conditions: ["landfall-source", "module", "node", "development|production"] } },
  test: { root: import.meta.dirname, include: ["timeout-victim.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
});
