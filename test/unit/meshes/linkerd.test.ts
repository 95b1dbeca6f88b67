import { describe, expect, test } from "vitest";
import { linkerd } from "../../../harness/meshes/linkerd/mesh.ts";
import { readTyped } from "../../typed-input.ts";
import { checkRoundTrip, generatedRules, inputOf, readVectors, recordedRules, type Vector } from "./vectors.ts";

const VECTORS = readVectors("linkerd.json");
const good = VECTORS.filter(({ rc, bad, inputs }) => rc === 0 && !bad && !inputs.flags?.includes("--simulate"));
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Inputs at which the original stops half way, and here each family takes what is its own (docs/meshes/linkerd.md). */
const BETTER: readonly string[] = ["subnet-v6", "bad-mixed-subnets-dual"];

describe("Linkerd's rules are those that its own tool leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedRules(linkerd, vector)).toEqual(recordedRules(vector));
  });
});

describe("settings that Linkerd's own tool refuses, or applies in part, are refused or applied completely:", () => {
  test.each(bad)("$name", (vector) => {
    const rules = generatedRules(linkerd, vector);
    expect(Array.isArray(rules) ? "refused" : "applied").toBe(BETTER.includes(vector.name) ? "applied" : "refused");
  });
});

test("networks of each family go to that family's rules", () => {
  const vector = VECTORS.find(({ name }) => name === "bad-mixed-subnets-dual");
  const rules = vector ? generatedRules(linkerd, vector) : [];
  const subnets = Object.values(rules).map((lines) =>
    [lines].flat().filter((line: string) => line.includes("ignore-subnet")),
  );
  expect(subnets).toEqual([
    ['-A PROXY_INIT_REDIRECT -s 10.0.0.0/8 -m comment --comment "proxy-init/ignore-subnet-10.0.0.0/8" -j RETURN'],
    [
      '-A PROXY_INIT_REDIRECT -s fd00:20::77/128 -m comment --comment "proxy-init/ignore-subnet-fd00:20::77/128" -j RETURN',
    ],
  ]);
});

test("a range of ports may begin at 0, as with the tool, and a port may not be 0", () => {
  const read = (...words: readonly string[]) => {
    const parsed = readTyped(linkerd, {
      ...inputOf(VECTORS[0] as Vector),
      words: ["-p", "4143", "-o", "4140", ...words],
    });
    return parsed.ok ? parsed.value.settings.inboundPortsToIgnore : parsed.findings.map(({ message }) => message);
  };
  expect(read("--inbound-ports-to-ignore", "0-65535,8000-8000")).toEqual([
    { first: 0, last: 65_535 },
    { first: 8000, last: 8000 },
  ]);
  expect(["0", "0-0", "1-0", "-80", "80-"].map((text) => read("--inbound-ports-to-ignore", text))).toEqual(
    ["0", "0-0", "1-0", "-80", "80-"].map((text) => [
      expect.stringContaining(`"${text}" is neither a port nor a range`),
    ]),
  );
});

test("--simulate only checks the options", () => {
  const vector = VECTORS.find(({ name }) => name === "simulate");
  const parsed = vector && readTyped(linkerd, inputOf(vector));
  expect(parsed?.ok && parsed.value.purpose).toBe("check");
});

describe("settings rendered as options parse back to the same settings:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(linkerd, vector));
});

test("a proxy that no rule exempts gets a warning", () => {
  const words = ["-p", "4143", "-o", "4140"];
  const parsed = readTyped(linkerd, { ...inputOf(VECTORS[0] as Vector), words });
  expect(parsed.ok && parsed.value.warnings.map(({ where }) => where)).toEqual(["--proxy-uid"]);
});
