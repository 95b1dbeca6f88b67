import { describe, expect, test } from "vitest";
import { readScenarioShape } from "../../../harness/run/scenario/scenario-shape.ts";

const WHOLE = {
  name: "sample",
  claim: "A sample is whole.",
  capture: ["-u", "1337"],
  environment: { ENVOY_PORT: "1" },
  pod: "dual",
  without: [{ family: 4, table: "nat", rule: "-A X -j Y" }],
  listen: [1, 65535],
  answer: { "client -> pod:80": "app" },
  forward: {},
};

/** Gives where the findings are, without the file. */
function placesOf(value: unknown): readonly string[] {
  const read = readScenarioShape(value, "s.ts");
  return read.ok ? [] : read.findings.map(({ where }) => where.replace(/^s\.ts:? ?/, ""));
}

describe("a scenario file's value", () => {
  const rows: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["is a scenario with all its fields", WHOLE, []],
    ["is not a scenario if it is undefined", undefined, [""]],
    ["is not a scenario if it is a list", [], [""]],
    ["must have name, claim and capture", { answer: { a: "b" } }, ["name", "claim", "capture"]],
    ["must have a claim that is not blank", { ...WHOLE, claim: " " }, ["claim"]],
    ["must not have unknown fields", { ...WHOLE, answers: {} }, ["answers"]],
    ["must have flags as single words", { ...WHOLE, capture: "-u 1337" }, ["capture"]],
    ["must have one of three pods", { ...WHOLE, pod: "ipv5" }, ["pod"]],
    ["must listen on ports", { ...WHOLE, listen: [0] }, ["listen"]],
    ["must listen on whole ports", { ...WHOLE, listen: [80.5] }, ["listen"]],
    [
      "must name rules to leave out with their family",
      { ...WHOLE, without: [{ table: "nat", rule: "x" }] },
      ["without[0].family"],
    ],
    ["must give rules by family", { ...WHOLE, without: undefined, rules: { ipv4: "" } }, ["rules"]],
    [
      "must name each rule to leave out",
      { ...WHOLE, without: ["x", { family: 4, table: 1, rule: "" }] },
      ["without[0]", "without[1].table", "without[1].rule"],
    ],
    ["must not leave rules out of those it gives", { ...WHOLE, rules: { ip: "" } }, ["without"]],
    ["must have variables that are texts", { ...WHOLE, environment: { A: 1 } }, ["environment"]],
    ["must have a flow", { ...WHOLE, answer: {} }, [""]],
    [
      "has all its faults told at once",
      { ...WHOLE, name: 1, listen: ["80"], answer: [] },
      ["name", "listen", "answer"],
    ],
  ];
  const landings: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["is named by its flow", { "client -> pod:80": 5 }, ['answer "client -> pod:80"']],
    [
      "hides no other finding of its kind",
      { "client -> pod:80": 5, "client -> pod:81": "app", "client -> pod:82": null },
      ['answer "client -> pod:80"', 'answer "client -> pod:82"'],
    ],
    ["hides no fault of its flow", { "client -> pod:0": 5 }, ["answer", 'answer "client -> pod:0"']],
  ];
  test.each(landings)("gives a finding about a landing that is not text: it %s", (_, answer, places) => {
    expect(placesOf({ ...WHOLE, answer })).toEqual(places);
  });

  test("gives a finding about a mistyped field, with the nearest name", () => {
    const { claim, answer, ...rest } = WHOLE;
    const read = readScenarioShape({ ...rest, clam: claim, anwser: answer, bogus: 1 }, "s.ts");
    const messages = read.ok ? [] : read.findings.map(({ message }) => message);
    expect(messages.filter((message) => message.startsWith("There is no such field"))).toEqual([
      "There is no such field; did you mean claim?",
      "There is no such field; did you mean answer?",
      "There is no such field; the fields are name, claim, mesh, meshConfig, capture, environment, pod, resolvers, without, rules, listen, answer, forward.",
    ]);
  });

  test.each(["flows", "flow", "expect"])("says of %s where the flows stand", (field) => {
    const { answer: _, ...rest } = WHOLE;
    const read = readScenarioShape({ ...rest, [field]: [] }, "s.ts");
    expect(read.ok ? [] : read.findings.map(({ message }) => message)).toEqual([
      'There is no such field; flows stand with their landings under answer, or under forward: answer: { "client -> pod:80": "envoy-inbound" }.',
      "There are no flows; add at least one under answer or forward.",
    ]);
  });

  test.each(rows)("%s", (_, value, places) => {
    expect(placesOf(value)).toEqual(places);
  });
});
