import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { findProgram, isKnownToApt } from "./harness/setup/debian.mjs";
import { givenPath } from "./test/given-programs.ts";
import { KERNEL_TESTS } from "./test/kernel-tests.ts";
import { LONG_TESTS } from "./test/long-tests.ts";
import { extendTimeout } from "./test/thoroughness.ts";

/** For tests that need no kernel: where a program or an engine is asked for, the test must fail, on every machine. */
const NO_ENGINE = "unix:///nowhere/docker.sock";
const WITHOUT = { PATH: givenPath([], ["unshare", "nsenter"]), DOCKER_HOST: NO_ENGINE };

/** Ubuntu has no package with a browser, and the set-up says there that these tests are left out: none of them counts as skipped. */
const BROWSER_TESTS = "test/unit/report/html-browser.test.ts";
const hasBrowser = findProgram("chromium") !== null || isKnownToApt("chromium");

export default defineConfig({
  test: {
    setupFiles: [resolve(import.meta.dirname, "test/fixed-seed.ts")],
    // Where whatever a test starts keeps what Node has compiled, as landfall itself does: a third of what an agent takes to start.
    env: { NODE_COMPILE_CACHE: resolve(import.meta.dirname, "node_modules/.cache/landfall") },
    // Node reads these files as they are, and keeps what it has compiled: Vite would rewrite each for each project, without a use for it.
    experimental: { viteModuleRunner: false, nodeLoader: false },
    // Tests that import landfall by its name get the source, so that nothing has to be built first.
    execArgv: ["--conditions=landfall-source"],
    testTimeout: extendTimeout(60_000),
    hookTimeout: 120_000,
    // A third of the time passes waiting, for the kernel, for an engine, for processes: two workers more than processors.
    maxWorkers: availableParallelism() + 2,
    projects: [
      {
        extends: true,
        // These keep nothing outside themselves, so that what one file has loaded serves the next.
        test: {
          name: "pure",
          include: ["test/**/*.test.ts"],
          exclude: [...KERNEL_TESTS, ...LONG_TESTS],
          env: WITHOUT,
          isolate: false,
        },
      },
      { extends: true, test: { name: "long", include: LONG_TESTS, env: WITHOUT, isolate: false } },
      {
        extends: true,
        test: {
          name: "kernel",
          include: KERNEL_TESTS,
          exclude: hasBrowser ? [] : [BROWSER_TESTS],
          env: { PATH: givenPath() },
          isolate: false,
          globalSetup: [resolve(import.meta.dirname, "test/build-folder.ts")],
        },
      },
    ],
  },
});
