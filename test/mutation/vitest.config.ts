import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { KERNEL_TESTS } from "../kernel-tests.ts";
import { LONG_TESTS } from "../long-tests.ts";

/** The tests that are to catch mutants of landfall's own code: those that need no kernel and are quick enough for thousands of runs. */
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  ssr: { resolve: { conditions: ["landfall-source", "module", "node", "development|production"] } },
  test: {
    testTimeout: 60_000,
    setupFiles: ["test/fixed-seed.ts"],
    include: [
      "test/unit/{formats,model,netfilter}/**/*.test.ts",
      "test/unit/analysis/{concerned-protocols,services,told-apart,traits,unused-marks}.test.ts",
      "test/property/save-round-trip.test.ts",
    ],
    exclude: [...KERNEL_TESTS, ...LONG_TESTS],
    isolate: false,
  },
});
