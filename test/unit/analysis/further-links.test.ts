import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../../harness/analysis/diff.ts";
import { findFurtherLinks } from "../../../harness/analysis/flows/further-links.ts";
import { proveProperties } from "../../../harness/analysis/proof/prove.ts";
import { renderFlowText } from "../../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";
import { nftRules } from "../nft-vectors.ts";
import { load, SEED } from "./seed.ts";

const CAPTURE = captureOf(seedConfig());
const SPEC = makePodSpec(CAPTURE, [], [], DEFAULT_ADDRESSES);
const SETTING = { spec: SPEC, addresses: DEFAULT_ADDRESSES, passThrough: "absent" } as const;

const inOutput = (rule: string) => SEED.replace("-A ISTIO_OUTPUT -j ISTIO_REDIRECT", `${rule}\n$&`);
const inChain = (rule: string) =>
  `table ip nat { chain output { type nat hook output priority -100; policy accept; ${rule}; } }`;

describe("the analysis looks at an interface that the pod does not have if rules name", () => {
  test.each([
    ["it on the way in", "-A PREROUTING -i net1 -j RETURN", ["net1"]],
    ["it on the way out", "-A OUTPUT -o net1 -j RETURN", ["net1"]],
    ["its first letters", "-A OUTPUT -o net+ -j RETURN", ["net0"]],
    ["the pod's own on the way out", "-A OUTPUT -o eth0 -j RETURN", ["other0"]],
    ["all but the pod's own", "-A OUTPUT ! -o eth0 -j RETURN", ["other0"]],
    ["every interface", "-A OUTPUT -o + -j RETURN", []],
    ["lo alone", "-A OUTPUT -o lo -j RETURN", []],
  ])("%s", (_, rule, links) => {
    const { ip } = load(`*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`);
    expect(findFurtherLinks([ip], SPEC)).toEqual(links);
  });
  test("its first letters, even where the pod has another of these", () => {
    const { ip } = load("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i net+ -j RETURN\nCOMMIT\n");
    const spec = { ...SPEC, shape: { ...SPEC.shape, links: ["net0", "net1"] } };
    expect(findFurtherLinks([ip], spec)).toEqual(["net2"]);
  });
  test.each([
    ["it on the way out", 'oifname "net1" return', ["net1"]],
    ["some of them", 'oifname { "net1", "net2" } return', ["net1", "net2"]],
    ["its first letters", 'oifname "net*" return', ["net0"]],
    ["all but the pod's own", 'oifname != "eth0" return', ["other0"]],
    ["lo alone", 'oifname "lo" return', []],
  ])("%s, with nft", (_, rule, links) => {
    expect(findFurtherLinks([nftRules(inChain(rule)).ip], SPEC)).toEqual(links);
  });
});

describe("an exception in the rules at another interface", () => {
  test.each(["-o net1", "-o net+", "! -o eth0"])("%s is a difference, and breaks a proof", (match) => {
    const rules = load(inOutput(`-A ISTIO_OUTPUT ${match} -j RETURN`));
    const changes = diffRulesets({ family: 4, before: load(SEED), after: rules, setting: SETTING });
    expect(changes.map(({ witness }) => renderFlowText(witness.flow.spec))).toEqual(["app -> 10.245.0.2:8080"]);
    const broken = proveProperties(rules, CAPTURE, SETTING).filter(({ holds }) => !holds);
    expect(
      broken.map(({ name, counterexample }) => [name, counterexample && renderFlowText(counterexample.flow.spec)]),
    ).toEqual([["outbound-captured", "app -> 10.245.0.2:8080"]]);
  });
  test("is no difference if the rules capture there, too", () => {
    const rules = load(inOutput("-A ISTIO_OUTPUT -o net1 -j ISTIO_REDIRECT"));
    expect(diffRulesets({ family: 4, before: load(SEED), after: rules, setting: SETTING })).toEqual([]);
    expect(proveProperties(rules, CAPTURE, SETTING).filter(({ holds }) => !holds)).toEqual([]);
  });
});
