import { describe, expect, test } from "vitest";
import { consul } from "../../../harness/meshes/consul/mesh.ts";
import { readTyped } from "../../typed-input.ts";
import { checkRoundTrip, generatedRules, inputOf, readVectors, recordedRules, type Vector } from "./vectors.ts";

const VECTORS = readVectors("consul.json");
/** What was there before stays, which is for apply to see to. */
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && !bad && name !== "foreign-nat-rule-first");
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Inputs at which the original stops half way, and here each family takes what is its own (docs/meshes/consul.md). */
const BETTER: readonly string[] = ["exclude-cidr-two-v4-dual"];

describe("Consul's rules are those that its SDK leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedRules(consul, vector)).toEqual(recordedRules(vector));
  });
});

describe("settings that Consul's SDK refuses, or applies in part, are refused or applied completely:", () => {
  test.each(bad)("$name", (vector) => {
    const rules = generatedRules(consul, vector);
    expect(Array.isArray(rules) ? "refused" : "applied").toBe(BETTER.includes(vector.name) ? "applied" : "refused");
  });
});

describe("settings written down lead to the same settings again:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(consul, vector));
});

describe("YAML aliases are followed, and aliases that multiply without end are a finding:", () => {
  const read = (text: string) => {
    const parsed = readTyped(consul, { ...inputOf(VECTORS[0] as Vector), config: { path: "config.yaml", text } });
    return parsed.ok ? parsed.value.settings.excludeUids.length : parsed.findings[0]?.message;
  };
  const start = "ProxyUserID: '5995'\nProxyInboundPort: 20000\n";
  test("one", () => expect(read(`${start}ExcludeInboundPorts: &a ['21000']\nExcludeUIDs: *a`)).toBe(1));
  test("many", () => {
    const lines = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]`);
    expect(read(`${start}l0: &l0 [x]\n${lines.join("\n")}`)).toMatch(/This cannot be read: Excessive alias count/);
  });
});
