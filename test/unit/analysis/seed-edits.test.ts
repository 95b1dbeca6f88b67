import { describe, expect, test } from "vitest";
import { diffRulesets } from "../../../harness/analysis/diff.ts";
import { startSearch } from "../../../harness/analysis/flows/exhaustive-search.ts";
import { renderRule } from "../../../harness/formats/rule-text.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import type { Family } from "../../../harness/model/address.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { Chain, PodRules, Rule, Ruleset } from "../../../harness/model/ruleset.ts";
import { makePodSpec } from "../../../harness/run/pod-spec.ts";
import { captureOf } from "../../istio-pod.ts";
import { configOf } from "../meshes/istio-1.4/intent-setup.ts";

/** One chain of a rule set with other rules in it. */
interface Edit {
  readonly name: string;
  readonly rules: PodRules;
}

type EditChain = (
  rules: readonly Rule[],
  show: (rule: Rule) => string,
) => readonly (readonly [string, readonly Rule[]])[];

const deleteEach: EditChain = (rules, show) => rules.map((rule, i) => [show(rule), rules.toSpliced(i, 1)]);
/** Neighbours change places; any other order is made of such steps. */
const swapNeighbours: EditChain = (rules, show) =>
  rules.slice(1).map((rule, i) => [`${show(rule)} first`, rules.toSpliced(i + 1, 1).toSpliced(i, 0, rule)]);

function editEach(rules: PodRules, family: Family, edit: EditChain): readonly Edit[] {
  const side = family === 4 ? "ip" : "ip6";
  const ruleset = rules[side];
  const put = (chain: Chain, changed: readonly Rule[]): Ruleset | null =>
    ruleset && {
      ...ruleset,
      tables: ruleset.tables.map((table) => ({
        ...table,
        chains: table.chains.map((other) => (other === chain ? { ...chain, rules: changed } : other)),
      })),
    };
  const chains = ruleset?.tables.flatMap((table) => table.chains) ?? [];
  return chains.flatMap((chain) =>
    edit(chain.rules, (rule) => renderRule(chain.name, rule, family)).map(([name, changed]) => ({
      name,
      rules: { ...rules, [side]: put(chain, changed) },
    })),
  );
}

/**
 * Edits of a config's rules that change nothing by the diff. Looking at one flow of every class, by the simulator alone and without any
 * diagram, must find the same ones.
 */
function check(changes: Partial<CaptureConfig>, family: Family, edit: EditChain, harmless: readonly string[]): void {
  const config = configOf(changes);
  const before = generateRules(config);
  const spec = makePodSpec(captureOf(config), [], [], DEFAULT_ADDRESSES);
  const passThrough = before.policyRouting.addresses.length > 0 ? ("there" as const) : ("absent" as const);
  const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough };
  const edits = editEach(before, family, edit);
  const found = edits.filter(({ rules }) => diffRulesets({ family, before, after: rules, setting }).length === 0);
  const search = startSearch(before, spec, DEFAULT_ADDRESSES);
  const searched = edits.filter(({ rules }) => search(rules, family).kind === "alike");
  expect(found.map(({ name }) => name)).toEqual(searched.map(({ name }) => name));
  expect(found.map(({ name }) => name)).toEqual(harmless);
  expect(edits.length).toBeGreaterThan(harmless.length);
}

describe("with one rule deleted, the diff says that nothing changes for", () => {
  test("no rule of the seed command's, over IPv4 or IPv6", () => {
    check({}, 4, deleteEach, []);
    check({}, 6, deleteEach, []);
  });
  test("no rule of an IPv6 pod's", () => check({ podIps: ["fd00:244::2"] }, 6, deleteEach, []));
  test("a RETURN just before the end of its chain, as with lists of ranges", () => {
    const lists = {
      inboundPortsInclude: ["80"],
      outboundIpRangesInclude: ["10.96.0.0/16"],
      outboundPortsExclude: ["443"],
    };
    check(lists, 4, deleteEach, ["-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN", "-A ISTIO_OUTPUT -j RETURN"]);
  });
  test("the mark of TPROXY's made connections: the pod's own addresses are local without it", () =>
    check({ interceptionMode: "TPROXY" }, 4, deleteEach, ["-A ISTIO_DIVERT -j MARK --set-xmark 0x539/0xffffffff"]));
});

describe("with two neighbouring rules swapped, the diff is empty exactly if they do the same, over", () => {
  const HARMLESS = [
    "-A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN first",
    "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN first",
  ];
  test("IPv4", () => check({}, 4, swapNeighbours, [...HARMLESS, "-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN first"]));
  test("IPv6", () =>
    check({ podIps: ["fd00:244::2"] }, 6, swapNeighbours, [...HARMLESS, "-A ISTIO_OUTPUT -d ::1/128 -j RETURN first"]));
});
