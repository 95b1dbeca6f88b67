/**
 * Tests that need nothing but Node and take some five seconds and more of a processor each: they break every rule of a mesh one value at
 * a time, look at every class of flows, read rules of all kinds, load modules that never end, or compile types. `npm run long` runs them, and CI does after
 * `npm test`, which is to end within ten minutes on two processors.
 */
export const LONG_TESTS: string[] = [
  "test/bad-input/modules.test.ts",
  "test/property/ambient.test.ts",
  "test/property/map-glance.test.ts",
  "test/unit/analysis/known-ways.test.ts",
  "test/unit/analysis/mutants.test.ts",
  "test/unit/analysis/seed-edits.test.ts",
  "test/unit/analysis/native-rules.test.ts",
  "test/unit/cli/mesh-json.test.ts",
  "test/unit/formats/alike-lines.test.ts",
  "test/unit/cli/mutate.test.ts",
  "test/unit/cli/prove-datagrams.test.ts",
  "test/unit/contract/own-rules.test.ts",
  "test/unit/load/user-modules.test.ts",
  "test/property/analysis.test.ts",
  "test/property/brute-force.test.ts",
  "test/property/commands-agree.test.ts",
  "test/property/contract-mutants.test.ts",
  "test/property/injected-proof.test.ts",
  "test/property/intent.test.ts",
  "test/property/istio-mutants.test.ts",
  "test/property/kuma-mutants.test.ts",
  "test/property/nft-diff.test.ts",
  "test/property/seed-contract.test.ts",
  "test/property/settings-hold.test.ts",
  "test/scenarios/coverage.test.ts",
  "test/scenarios/together.test.ts",
  "test/types/new-member.test.ts",
  "test/types/new-mesh.test.ts",
  "test/unit/analysis/nft-pairs.test.ts",
];
