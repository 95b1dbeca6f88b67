/** The pages that a test follows in a folder of a user's; other documents have tests of their own. */
export const PAGES: readonly string[] = [
  "docs/ci.md",
  "docs/json.md",
  "docs/meshes/options.md",
  "docs/nftables.md",
  "docs/reading-a-failure.md",
];
