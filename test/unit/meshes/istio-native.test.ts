import { describe, expect, test } from "vitest";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import { readTyped } from "../../typed-input.ts";
import { checkRoundTrip, generatedTables, inputOf, readVectors, recordedTables } from "./vectors.ts";

const VECTORS = readVectors("istio-nftables.json");
const good = VECTORS.filter(({ rc, bad }) => rc === 0 && !bad);
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Inputs at which nft refuses the original's rules, and here they are applied whole (docs/meshes/istio.md). */
const BETTER: readonly string[] = ["nft:dns-v6-resolver-v4-pod-no-dual"];

describe("Istio's native rules are those that istio-iptables leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedTables(istio, vector)).toEqual(recordedTables(vector));
  });
});

describe("settings that istio-iptables refuses with native rules are refused or applied completely:", () => {
  test.each(bad)("$name", (vector) => {
    const tables = generatedTables(istio, vector);
    expect("refused" in tables ? "refused" : "applied").toBe(BETTER.includes(vector.name) ? "applied" : "refused");
  });
});

describe("settings of native rules written down lead to the same settings again:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(istio, vector));
});

test("interface names with a wildcard are refused for native rules only", () => {
  const [vector] = VECTORS;
  if (vector === undefined) throw new Error("There is no vector.");
  const read = (words: readonly string[]) => {
    const parsed = readTyped(istio, { ...inputOf(vector), words });
    return parsed.ok ? "read" : parsed.findings.map(({ where, message }) => `${where}: ${message}`);
  };
  expect(read(["-c", "eth+", "-k", "net*", "--native-nftables"])).toEqual([
    '-c: "eth+" stands for several interfaces, which --native-nftables does not take; name each.',
    '-k: "net*" stands for several interfaces, which --native-nftables does not take; name each.',
  ]);
  expect(read(["-c", "eth+"])).toBe("read");
});
