import { describe, expect, test } from "vitest";
import { istio } from "../../../harness/meshes/istio/mesh.ts";
import { checkRoundTrip, generatedRules, readVectors, recordedRules } from "./vectors.ts";

const VECTORS = readVectors("istio.json");
/** Inputs that leave no rules behind, as they ask for none; and one whose rules, of the older kernel interface, were not recorded. */
const WITHOUT_RULES: readonly string[] = ["a-dry-run", "a-skip-rule-apply", "a-injector-default-legacy"];
const good = VECTORS.filter(({ name, rc, bad }) => rc === 0 && !bad && !WITHOUT_RULES.includes(name));
const bad = VECTORS.filter(({ rc, bad: isBad }) => rc !== 0 || isBad);

/** Doubtful inputs that the original takes whole: a service's name, and a line of resolv.conf that names no address. */
const TAKEN: readonly string[] = ["bad-o-text", "bad-dns-garbage-resolver"];

describe("Istio's rules are those that its own tool leaves in the kernel:", () => {
  test.each(good)("$name", (vector) => {
    expect(generatedRules(istio, vector)).toEqual(recordedRules(vector));
  });
});

describe("settings that Istio's own tool refuses, or accepts without meaning, are refused or applied completely:", () => {
  test.each(bad)("$name", (vector) => {
    const rules = generatedRules(istio, vector);
    if (TAKEN.includes(vector.name)) expect(rules).toEqual(recordedRules(vector));
    else expect(Array.isArray(rules) ? "refused" : "applied").toBe("refused");
  });
});

describe("settings written down lead to the same settings again:", () => {
  test.each(good)("$name", (vector) => checkRoundTrip(istio, vector));
});

test("ports are ranges as iptables reads them: one end may be left out, and every port is one", () => {
  const [vector] = good;
  if (vector === undefined) throw new Error("There is no vector.");
  const excluded = (ports: string) => {
    const flags = ["-b", "*", "-i", "*", "-o", ports];
    const rules = generatedRules(istio, { ...vector, inputs: { flags } });
    return "ip nat" in rules ? rules["ip nat"]?.filter((line) => line.startsWith("-A ISTIO_OUTPUT -p tcp")) : rules;
  };
  // What iptables-save prints for --dport 0:65535.
  expect(excluded("0:65535")).toEqual(["-A ISTIO_OUTPUT -p tcp -m tcp -j RETURN"]);
  expect(excluded(":80")).toEqual(["-A ISTIO_OUTPUT -p tcp -m tcp --dport 0:80 -j RETURN"]);
  expect(excluded("8000:")).toEqual(["-A ISTIO_OUTPUT -p tcp -m tcp --dport 8000:65535 -j RETURN"]);
  for (const ports of ["0", ":", "80:70", "1:2:3"])
    expect(excluded(ports)).toEqual([expect.stringContaining(`"${ports}"`)]);
});
