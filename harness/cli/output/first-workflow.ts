import { quoteForShell } from "../../model/shell-words.ts";

/**
 * Gives the workflow of GitHub Actions that verifies a folder of scenarios, as text: with read rights alone, a time limit, npm's cache, the
 * reports in the run's summary, and reports and evidence kept. `folder` is a path in the repository: `landfall`.
 */
export function makeWorkflow(folder: string): string {
  return `name: landfall
on:
  push:
    branches: [main, master]
  pull_request:

permissions:
  contents: read

jobs:
  verify:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    # For many scenarios: uncomment these lines, add --shard \${{ matrix.shard }}/3 to landfall verify, and name the artifact
    # landfall-\${{ matrix.shard }}. Each of the three jobs then runs a third of the scenarios,
    # of which there must be at least three.
    # strategy:
    #   fail-fast: false
    #   matrix:
    #     shard: [1, 2, 3]
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
          cache: npm
      - run: npm ci
      # Failures are also shown as annotations, and the report in the summary of the run.
      - run: >-
          npx landfall verify ${quoteForShell(folder)} --sandbox docker
          --report landfall-report.html --report landfall-report.xml --report landfall-report.json
          --evidence landfall-evidence
      - uses: actions/upload-artifact@v6
        if: $\{{ !cancelled() }}
        with:
          name: landfall
          path: |
            landfall-report.*
            landfall-evidence
`;
}
