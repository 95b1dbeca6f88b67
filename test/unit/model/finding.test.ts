import { expect, test } from "vitest";
import { capFindings, finding } from "../../../harness/model/finding.ts";

test.each<[string, string]>([
  ["plain words, ünïcode, a\ttab", "plain words, ünïcode, a\ttab"],
  ["\u001b[31mred\u0007", "\\u001b[31mred\\u0007"],
  ["\u009b2J and \u202eturned\u2066", "\\u009b2J and \\u202eturned\\u2066"],
  [`a ${"x".repeat(201)} b`, `a ${"x".repeat(60)}… (201 characters) b`],
  [`a ${"x".repeat(200)} b`, `a ${"x".repeat(200)} b`],
])("a finding quotes %j without control characters", (message, shown) =>
  expect(finding("x", message).message).toBe(shown),
);

test("findings beyond a limit are only counted", () => {
  const findings = ["a", "b", "c"].map((message) => finding("x", message));
  expect(capFindings(findings, 3)).toEqual(findings);
  expect(capFindings(findings, 1).map(({ message }) => message)).toEqual(["a", "2 more findings are not shown."]);
});
