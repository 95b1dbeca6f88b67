import { describe, expect, test } from "vitest";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { askFlows, type FlowGroup } from "../../../harness/run/scenario/asked-flows.ts";
import { SHAPE } from "../../istio-pod.ts";

const TEXTS = [
  "app -> upstream:80",
  "app -> localhost:80",
  "app -> upstream:53/udp",
  "uid=1000,gid=1000 -> upstream:80",
  "client -> pod:8080",
  "upstream@192.0.2.1 -> pod:8080",
  "client6 -> pod6:8080",
];

/** Gives flows of a pod, and what names stand for there. */
function group(texts: readonly string[]): FlowGroup {
  const flows = texts.map((text) => {
    const parsed = parseFlowText(text, SHAPE);
    if (!parsed.ok) throw new Error(`${text} is no flow`);
    return resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE);
  });
  return { flows, shape: SHAPE, addresses: DEFAULT_ADDRESSES };
}

const POD = group(TEXTS);

describe("a pattern of --flows", () => {
  const rows: readonly (readonly [what: string, pattern: string, indices: readonly number[]])[] = [
    ["that is a flow selects only this text, not equal flows in other words", "app -> upstream:80", [0]],
    ["with * asks for what it matches as a text", "app -> *:80", [0, 1]],
    ["with * at its end reaches to the end, whatever stands there", "app -> upstream:*", [0, 2, 3]],
    ["with * at its start", "*/udp", [2]],
    ["with several *", "*app*up*", [0, 2]],
    ["* alone asks for everything", "*", [0, 1, 2, 3, 4, 5, 6]],
    ["that is a set asks for its flows, however they are written", "uid=1000-1999 -> elsewhere:80", [0, 3]],
    ["of several protocols asks for both", "uid=* -> elsewhere:53,80/tcp+udp", [0, 2, 3]],
    ["that is a set and has * asks for both kinds of flows", "client -> pod:*", [4, 5]],
    ["about IPv6 asks for nothing of IPv4", "client6 -> pod6:1-9000", [6]],
  ];
  test.each(rows)("%s: %s", (_, pattern, indices) => {
    const asked = askFlows([pattern], [POD]);
    expect(asked.ok && [...(asked.value[0] ?? [])].sort()).toEqual(indices.map((i) => TEXTS[i]).sort());
  });

  test.each([
    ["no text matches", "app -> *:81"],
    ["the text that is a flow is not among them", "app -> upstream:81"],
    ["a flow is matched only in part", "app -> upstream:8"],
    ["what stands before and behind * would have to overlap", "app -> upstream:80*:80"],
    ["it is empty", ""],
  ])("is a finding if %s", (_, pattern) => {
    const asked = askFlows(["*", pattern], [POD]);
    expect(asked.ok ? [] : asked.findings.map(({ code, where }) => [code, where])).toEqual([
      ["nothing-asked", "--flows"],
    ]);
  });

  test("that matches nothing names the nearest flows, nearest first", () => {
    const asked = askFlows(["app -> upstrem:80", "client -> pod:8081"], [POD]);
    expect(asked.ok ? [] : asked.findings.map(({ message }) => message)).toEqual([
      `"app -> upstrem:80" does not match any of the 7 flows; the nearest: "app -> upstream:80", "app -> upstream:53/udp", "app -> localhost:80".`,
      `"client -> pod:8081" does not match any of the 7 flows; the nearest: "client -> pod:8080", "client6 -> pod6:8080", "app -> upstream:80".`,
    ]);
  });

  test("must match in at least one pod, and selects each pod's own flows", () => {
    const asked = askFlows(["*pod*", "vm -> *"], [POD, group(["vm -> upstream:80"])]);
    expect(asked.ok && asked.value.map((texts) => texts.size)).toEqual([3, 1]);
  });
});
