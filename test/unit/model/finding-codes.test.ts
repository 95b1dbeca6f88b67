import { expect, test } from "vitest";
import type { Finding, Parsed } from "../../../harness/model/finding.ts";
import { parseFlowSet } from "../../../harness/model/flow-set-text.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { parseLandingText } from "../../../harness/model/landing-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { BARE_SHAPE } from "../../../harness/model/pod-shape.ts";

function codesOf(parsed: Parsed<unknown>): readonly Finding["code"][] {
  return parsed.ok ? [] : parsed.findings.map(({ code }) => code);
}

test.each([
  ["app -> upstream:80", []],
  ["app", ["invalid-flow"]],
  ["app -> upstream:0", ["invalid-flow"]],
  ["app -> upstream:80/sctp", ["invalid-flow"]],
  ["again app -> upstream/icmp", ["undrivable-flow"]],
  ["again app -> upstream:80", ["undrivable-flow"]],
  ["uid=1,uid=2 -> upstream:80", ["duplicate"]],
] as const)("the flow %j has the codes %j", (text, codes) => {
  expect(codesOf(parseFlowText(text, BARE_SHAPE))).toEqual(codes);
});

test.each([
  ["timed-out", []],
  ["nowhere", ["invalid-landing"]],
] as const)("the landing %j has the codes %j", (text, codes) => {
  expect(codesOf(parseLandingText(text, BARE_SHAPE, "here"))).toEqual(codes);
});

test.each([
  ["app -> upstream:*", []],
  ["app", ["invalid-flow-set"]],
] as const)("the set of flows %j has the codes %j", (text, codes) => {
  expect(codesOf(parseFlowSet(text, "here", { addresses: DEFAULT_ADDRESSES, shape: BARE_SHAPE }))).toEqual(codes);
});
