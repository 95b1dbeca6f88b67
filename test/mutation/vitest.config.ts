import { basename, resolve } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { KERNEL_TESTS } from "../kernel-tests.ts";
import { LONG_TESTS } from "../long-tests.ts";

/** The long tests that are quick enough here all the same. */
const COMPARED = "test/property/nft-diff.test.ts";

/** Those that take more than half a second, the quickest first. */
const SLOW = [
  "further-links",
  "demand-classes",
  "diff",
  "mesh-flows",
  "compare-keys",
  "told-apart",
  "prove",
  "written-property",
  "nft-diff",
  "strict-contract",
  "traits",
];

/**
 * A mutant's run ends at the first test that fails, and vitest itself would begin with the slowest: here the test that has the name of the
 * file with the mutant comes first, and the slow ones last.
 */
class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const mutated = [this.ctx.config.related ?? []].flat().map((file) => basename(file, ".ts"));
    const rank = ({ moduleId }: TestSpecification) => {
      const name = basename(moduleId, ".test.ts");
      return mutated.includes(name) ? -2 : SLOW.indexOf(name);
    };
    return files.toSorted((one, other) => rank(one) - rank(other));
  }
}

/** The tests that are to catch mutants of landfall's own code: those that need no kernel and are quick enough for thousands of runs. */
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  ssr: { resolve: { conditions: ["landfall-source", "module", "node", "development|production"] } },
  test: {
    testTimeout: 60_000,
    setupFiles: ["test/fixed-seed.ts"],
    include: [
      "test/unit/{analysis,contract,formats,model,netfilter}/**/*.test.ts",
      "test/property/met-chains.test.ts",
      COMPARED,
    ],
    exclude: [...KERNEL_TESTS, ...LONG_TESTS.filter((file) => file !== COMPARED)],
    sequence: { sequencer: QuickestFirst },
    isolate: false,
  },
});
