import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../harness/formats/iptables-save.ts";
import { FAMILIES } from "../../harness/model/address.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { flowOf } from "../istio-pod.ts";
import { arbitraryAgreementCase } from "./agreement-case.ts";
import { isDecided } from "./compare.ts";
import { countKinds } from "./kinds.ts";
import { listShortfalls } from "./limits.ts";
import { meetFlows } from "./meeting.ts";

const SETS = 12;
const FLOWS = 20;

describe("what is drawn for the comparison with the kernel", () => {
  test.each([
    ["tcp", "iptables"],
    ["udp", "iptables"],
    ["udp", "nft"],
    ["mixed", "mixed"],
  ] as const)("has flows (%s) of which a rule (%s) decides three of ten", (protocol, format) => {
    const cases = FAMILIES.flatMap((family) =>
      fc.sample(arbitraryAgreementCase(family, FLOWS, protocol, format), { seed: family, numRuns: SETS }),
    );
    const flows = cases.flatMap(({ rules, spec, requests }) => {
      const simulator = compilePod(rules, spec, DEFAULT_ADDRESSES);
      return requests.map(({ flow, manner }) => isDecided(simulator, flow, manner));
    });
    expect(flows).toHaveLength(2 * SETS * FLOWS);
    expect(flows.filter((each) => each).length / flows.length).toBeGreaterThan(0.3);
  });

  test("has rules that ask for what packets and answers of flows have, and others as they were drawn", () => {
    const drawn = ["OUTPUT", "OUTPUT", "OUTPUT", "INPUT_1"].map(
      (chain) => `-A ${chain} -d 203.0.113.255/32 -p tcp -m tcp --dport 79 -m comment --comment x -j DROP`,
    );
    const text = [
      "*filter",
      ":INPUT ACCEPT [0:0]",
      ":OUTPUT ACCEPT [0:0]",
      ":INPUT_1 - [0:0]",
      ...drawn,
      "COMMIT",
      "",
    ].join("\n");
    const parsed = parseIptablesSave(text, { where: "drawn", family: 4 });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
    const met = meetFlows(parsed.value, [flowOf("app -> upstream:53/udp"), flowOf("client -> pod:53/udp")]);
    const lines = renderIptablesSave(met)
      .split("\n")
      .filter((line) => line.startsWith("-A"));
    const comment = "-m comment --comment x -j DROP";
    expect(lines).toEqual([
      "-A INPUT -j INPUT_1",
      `-A OUTPUT -d 10.244.0.4/32 -p udp -m udp --dport 53 ${comment}`,
      `-A OUTPUT -d 203.0.113.255/32 -p tcp -m tcp --dport 79 ${comment}`,
      `-A OUTPUT -d 10.244.0.4/32 -p udp -m udp --dport 53 ${comment}`,
      `-A INPUT_1 -d 10.244.0.2/32 -p udp -m udp --dport 1024:65535 ${comment}`,
    ]);
  });
});

describe("a run of the comparison", () => {
  const enough = { flows: 1000, unknown: 6, blind: 4, decided: 300, elsewhere: 200 };
  const kinds = [{ name: "match owner", rules: 9, sets: 4, wanted: 5 }];

  test("says enough with one flow of a hundred without a landing, and three of ten that a rule decides", () => {
    expect(listShortfalls(enough, [], 100)).toEqual([]);
  });

  test("says too little where more flows have no landing, or a rule decides fewer, or none was driven", () => {
    expect(listShortfalls({ ...enough, blind: 5 }, [], 100)).toEqual([
      "1.1 % of the flows have no landing to compare; 1 % may",
    ]);
    expect(listShortfalls({ ...enough, decided: 299 }, [], 100)).toEqual([
      "a rule decides 29.9 % of the flows; 30 % are wanted",
    ]);
    expect(listShortfalls({ flows: 0, unknown: 0, blind: 0, decided: 0, elsewhere: 0 }, [], 100)).toHaveLength(2);
  });

  test("says too little where a kind is in too few of a hundred rule sets, and leaves it open of fewer", () => {
    expect(listShortfalls(enough, kinds, 100)).toEqual(["match owner is in 4 rule sets; 5 are wanted"]);
    expect(listShortfalls(enough, kinds, 99)).toEqual([]);
  });

  test("counts rule sets and rules of every kind that the kernel loads, those that nothing has among them", () => {
    const cases = fc.sample(arbitraryAgreementCase(4, 1, "tcp", "iptables"), { seed: 1, numRuns: 20 });
    const counts = countKinds(cases, "iptables", ["ULOG"]);
    const names = counts.map(({ name }) => name);
    expect(names).toContain("target tproxy");
    expect(names).not.toContain("target ULOG");
    expect(names).not.toContain("compares ct state");
    expect(counts.find(({ name }) => name === "match protocol")).toMatchObject({ sets: 20, wanted: 1 });
    expect(countKinds([], "iptables", []).every(({ sets }) => sets === 0)).toBe(true);
  });
});
