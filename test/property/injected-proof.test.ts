import { describe, expect, test } from "vitest";
import type { AnalysisSetting } from "../../harness/analysis/flows/partition.ts";
import { listProperties } from "../../harness/analysis/proof/properties.ts";
import { type PropertyResult, proveProperties } from "../../harness/analysis/proof/prove.ts";
import { renderRule } from "../../harness/formats/rule-text.ts";
import { MESHES, type NamedMesh } from "../../harness/meshes/meshes.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../harness/model/policy-routing.ts";
import type { PodRules, Rule } from "../../harness/model/ruleset.ts";
import { makePodSpec } from "../../harness/run/pod-spec.ts";
import { bindInjected } from "../injected.ts";

/** Gives a rule as it is left, or null where it is taken out; the text is the rule's own. */
type Edit = (rule: Rule, text: string) => Rule | null;

const without =
  (text: string): Edit =>
  (rule, own) =>
    own.startsWith(text) ? null : rule;
const anyPacket =
  (text: string, kind: Rule["matches"][number]["kind"]): Edit =>
  (rule, own) =>
    own.startsWith(text) ? { ...rule, matches: rule.matches.filter((match) => match.kind !== kind) } : rule;

/**
 * For each clause of a mesh, what keeps its promise: a rule, a condition of a rule, two of them where one alone is enough, or the policy
 * routing; with a flow that breaks it when they are gone.
 */
const KEPT_BY: Readonly<
  Record<string, Readonly<Record<string, readonly [flow: string, ...edits: readonly (Edit | "routing")[]]>>>
> = {
  "istio-1.4": {
    "no-uid-loop": ["envoy -> pod:8080", without("-A ISTIO_OUTPUT -s 127.0.0.6/32")],
    "inbound-captured": ["client -> pod:8080", without("-A PREROUTING")],
    "outbound-captured": ["app -> upstream:8080", without("-A ISTIO_OUTPUT -j ISTIO_REDIRECT")],
    "exclusions-untouched": ["client -> pod:22", without("-A ISTIO_INBOUND -p tcp -m tcp --dport 22 ")],
    "loopback-untouched": ["app -> localhost:8080", without("-A ISTIO_OUTPUT -d 127.0.0.1/32")],
  },
  istio: {
    "no-loop": ["uid=1337,gid=1000 -> upstream:8080", without("-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN")],
    "exclusions-untouched": ["client -> pod:15090", without("-A ISTIO_INBOUND -p tcp -m tcp --dport 15090 ")],
    "tunnel-open": ["client -> pod:15008", without("-A ISTIO_INBOUND -p tcp -m tcp --dport 15008 ")],
    "pass-through-untouched": [
      "uid=1337,gid=1000@127.0.0.6 -> pod:8080",
      without("-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo"),
    ],
    "self-calls-captured": [
      "uid=1337,gid=1000 -> pod:8080",
      without("-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337"),
    ],
    "proxy-untouched": [
      "uid=1000,gid=1337 -> upstream:8080",
      without("-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN"),
    ],
    "inside-untouched": ["uid=1000,gid=1337 -> pod:8080", without("-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337")],
    "inbound-captured": ["client -> pod:8080", without("-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT")],
    "outbound-captured": ["app -> upstream:8080", without("-A ISTIO_OUTPUT -j ISTIO_REDIRECT")],
    "rest-untouched": ["app -> upstream:8080/udp", anyPacket("-A ISTIO_REDIRECT -p tcp", "protocol")],
  },
  "istio-ambient": {
    "no-loop": ["app -> upstream:8080", anyPacket("-A ISTIO_OUTPUT -m connmark", "connmark")],
    "probes-untouched": ["upstream@169.254.7.127 -> pod:8080", without("-A ISTIO_PRERT -s 169.254.7.127/32")],
    "tunnel-untouched": ["client -> pod:15008", anyPacket("-A ISTIO_PRERT -m mark --mark 0x539/0xfff", "mark")],
    "inbound-captured": ["client -> pod:8080", without("-A ISTIO_PRERT ! -d 127.0.0.1/32 -p tcp")],
    "marked-inside": ["app,mark=0x111 -> upstream:8080", "routing"],
    "ztunnel-untouched": ["app,mark=0x539 -> upstream:8080", anyPacket("-A ISTIO_OUTPUT -m connmark", "connmark")],
    "dns-captured": ["app -> upstream:53/udp", without("-A ISTIO_OUTPUT ! -o lo -p udp")],
    "inside-untouched": ["app -> pod:8080", without("-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo")],
    "outbound-captured": [
      "app -> upstream:8080",
      without("-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -p tcp -m mark ! --mark 0x539/0xfff -j REDIRECT"),
    ],
    "rest-untouched": ["client -> pod:8080/udp", anyPacket("-A ISTIO_PRERT -m mark --mark 0x539/0xfff", "mark")],
  },
  linkerd: {
    "no-loop": ["proxy -> upstream:8080", without("-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102")],
    "proxy-untouched": [
      "uid=2102,gid=1000 -> upstream:8080",
      without("-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102"),
    ],
    "inside-untouched": ["app -> pod:8080", without("-A PROXY_INIT_OUTPUT -o lo")],
    "ignored-untouched": ["client -> pod:4190", without("-A PROXY_INIT_REDIRECT -p tcp -m multiport")],
    "inbound-captured": ["client -> pod:8080", without("-A PREROUTING")],
    "outbound-captured": ["app -> upstream:8080", without("-A OUTPUT")],
  },
  kuma: {
    "no-loop": ["envoy -> pod:8080", without("-A KUMA_MESH_OUTBOUND -s 127.0.0.6/32 -o lo")],
    "self-calls-captured": ["uid=5678,gid=1000 -> pod:8080", without("-A KUMA_MESH_OUTBOUND ! -d 127.0.0.1/32 -o lo")],
    "pass-through-untouched": [
      "uid=5678,gid=1000@127.0.0.6 -> pod:8080",
      without("-A KUMA_MESH_OUTBOUND -s 127.0.0.6/32 -o lo"),
    ],
    "proxy-untouched": [
      "uid=5678,gid=1000 -> upstream:8080",
      without(
        '-A KUMA_MESH_OUTBOUND -m comment --comment "kuma/mesh/transparent/proxy/return outbound traffic owned by UID',
      ),
    ],
    "loopback-untouched": ["app -> pod:8080", without("-A KUMA_MESH_OUTBOUND -o lo -p tcp")],
    "exclusions-untouched": [
      "app -> upstream:8080/udp",
      anyPacket("-A OUTPUT -p tcp", "protocol"),
      anyPacket("-A KUMA_MESH_OUTBOUND_REDIRECT -p tcp", "protocol"),
    ],
    "inbound-captured": ["client -> pod:8080", without("-A PREROUTING")],
    "outbound-captured": ["app -> upstream:8080", without("-A KUMA_MESH_OUTBOUND_REDIRECT")],
  },
  consul: {
    "no-loop": ["envoy -> upstream:8080", without("-A CONSUL_PROXY_OUTPUT -m owner --uid-owner 5995")],
    "dns-captured": ["app -> localhost:53/udp", without("-A CONSUL_DNS_REDIRECT -d 127.0.0.1/32 -p udp")],
    "proxy-untouched": [
      "uid=5995,gid=1000 -> upstream:8080",
      without("-A CONSUL_PROXY_OUTPUT -m owner --uid-owner 5995"),
    ],
    "loopback-untouched": ["app -> localhost:8080", without("-A CONSUL_PROXY_OUTPUT -d 127.0.0.1/32")],
    "exclusions-untouched": ["client -> pod:21000", without("-A CONSUL_PROXY_INBOUND -p tcp -m tcp --dport 21000")],
    "inbound-captured": ["client -> pod:8080", without("-A CONSUL_PROXY_IN_REDIRECT")],
    "outbound-captured": ["app -> upstream:8080", without("-A CONSUL_PROXY_OUTPUT -j CONSUL_PROXY_REDIRECT")],
  },
};
/** Clauses that concern no flow under the injected settings: an earlier clause speaks of each already. */
const CONCERN_NOTHING: Readonly<Record<string, readonly string[]>> = { istio: ["loopback-untouched"] };

function openProof(mesh: NamedMesh) {
  const capture = bindInjected(mesh, 4);
  const { generated } = capture;
  const ruleset = generated?.ip;
  if (!ruleset) throw new TypeError(`${mesh.name} generates no rules of IPv4`);
  const contract = capture.contractFor(DEFAULT_ADDRESSES);
  const properties = listProperties(contract);
  const setting: AnalysisSetting = {
    spec: makePodSpec(capture, [], [], DEFAULT_ADDRESSES),
    addresses: DEFAULT_ADDRESSES,
    passThrough: "absent",
  };
  const edit = (given: readonly (Edit | "routing")[]): PodRules => {
    const edits = given.filter((each) => each !== "routing");
    const apply = (chain: string, rule: Rule) =>
      edits.reduce<Rule | null>((left, each) => left && each(left, renderRule(chain, rule, 4)), rule);
    const tables = ruleset.tables.map((table) => ({
      ...table,
      chains: table.chains.map((chain) => ({
        ...chain,
        rules: chain.rules.flatMap((rule) => apply(chain.name, rule) ?? []),
      })),
    }));
    const left = { ...generated, ip: { ...ruleset, tables }, ip6: null };
    return given.includes("routing") ? { ...left, policyRouting: NO_POLICY_ROUTING } : left;
  };
  const prove = (names: readonly string[], ...edits: readonly (Edit | "routing")[]): readonly PropertyResult[] =>
    proveProperties(
      edit(edits),
      capture,
      setting,
      properties.filter(({ name }) => names.includes(name)),
    );
  return { names: properties.map(({ name }) => name), prove };
}

describe.each(MESHES.map((mesh) => [mesh.name, mesh] as const))("the default injected by %s", (name, mesh) => {
  const { names, prove } = openProof(mesh);
  const nothing = CONCERN_NOTHING[name] ?? [];

  test("satisfies every clause of its contract, and this test breaks each clause once", () => {
    const results = prove(names).map(({ name: clause, holds, classes }) => [clause, holds, classes > 0]);
    expect(results).toEqual(names.map((clause) => [clause, true, !nothing.includes(clause)]));
    expect([...Object.keys(KEPT_BY[name] ?? {}), ...nothing].toSorted()).toEqual(names.toSorted());
  });

  test.each(Object.entries(KEPT_BY[name] ?? {}))(
    "breaks the clause %s if its rules are removed",
    (clause, [flow, ...edits]) => {
      const [result] = prove([clause], ...edits);
      const { counterexample = null } = result ?? {};
      expect([result?.holds, counterexample && renderFlowText(counterexample.flow.spec)]).toEqual([false, flow]);
      for (const one of edits.length > 1 ? edits : []) expect(prove([clause], one)[0]?.holds).toBe(true);
    },
  );
});
