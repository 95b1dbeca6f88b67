import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

/** Tests that import landfall by its name get the source, so that nothing has to be built first; the others are Vite's own. */
const conditions = ["landfall-source", "module", "node", "development|production"];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: [resolve(import.meta.dirname, "test/fixed-seed.ts")],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
