import { describe, expect, test } from "vitest";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import { readTyped } from "../../typed-input.ts";
import { checkRoundTrip, generatedTables, inputOf, readVectors, recordedTables } from "./vectors.ts";

const VECTORS = readVectors("istio-nftables.json");
/** Inputs that end the tool with iptables and that nft takes: a range of ports with a dash. */
const TAKEN: readonly string[] = ["nft:bad-q-range"];
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && (!bad || TAKEN.includes(name)));
const bad = VECTORS.filter((vector) => !good.includes(vector));

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

test("a range of ports has a dash in native rules, as nft reads it, and a colon in those of iptables", () => {
  const [vector] = VECTORS;
  if (vector === undefined) throw new Error("There is no vector.");
  const read = (words: readonly string[]) => {
    const parsed = readTyped(istio, { ...inputOf(vector), words });
    return parsed.ok ? "read" : parsed.findings.map(({ where }) => where);
  };
  const lists = (range: string) => ["-b", range, "-q", range, "-o", range];
  expect(read([...lists("80-90"), "--native-nftables"])).toBe("read");
  expect(read([...lists("80:90"), "--native-nftables"])).toEqual(["-b", "-q", "-o"]);
  expect(read(lists("80:90"))).toBe("read");
  expect(read(lists("80-90"))).toEqual(["-b", "-q", "-o"]);
  expect(read(["-b", "*", "-d", "80-90", "--native-nftables"])).toBe("read");
});
