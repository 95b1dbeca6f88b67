import { describe, expect, test } from "vitest";
import { renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { replaceInstallation } from "../../../harness/run/scenario/tested-families.ts";

const SCENARIO: Scenario = {
  name: "sample",
  claim: "A sample can be read.",
  capture: ["-u", "1337", "-b", "*", "-i", "*"],
  answer: { "client -> pod:8080": "envoy-inbound:15006" },
};

/** Gives the findings of the sample scenario with these fields changed, each as `where message`. */
function findFaults(fields: Partial<Scenario>): readonly string[] {
  const parsed = parseScenario({ ...SCENARIO, ...fields }, "sample.ts");
  return parsed.ok ? [] : parsed.findings.map(({ where, message }) => `${where} ${message}`);
}

describe("a scenario that cannot be used has a finding that names file and field:", () => {
  const rows: readonly (readonly [string, Partial<Scenario>, readonly RegExp[]])[] = [
    ["nothing if it can be used", {}, []],
    ["a flag's bad value", { capture: ["-p", "0"] }, [/^sample\.ts: capture -p .*0/]],
    [
      "a flag and its value in one word, together with other faults of the flags",
      { capture: ["-u 1337", "-p", "0", "-i 10.0.0.0/33"] },
      [
        /^sample\.ts: capture "-u 1337" contains a flag and its value; write two elements: "-u", "1337"\./,
        /^sample\.ts: capture "-i 10\.0\.0\.0\/33" contains a flag/,
        /^sample\.ts: capture -p .*0/,
        /^sample\.ts: capture -i .*33/,
      ],
    ],
    [
      "a port where the proxy's listener is not under these flags",
      { answer: { "app -> upstream:80": "envoy-outbound:15006", "client -> pod:80": "envoy-inbound:15006" } },
      [/^sample\.ts: answer "app -> upstream:80" envoy-outbound is on 15001 under these settings, not on 15006/],
    ],
    [
      "the usual port, where the flags give the proxy another",
      { capture: ["-z", "16006"], answer: { "client -> pod:80": "envoy-inbound:15006" } },
      [/envoy-inbound is on 16006 under these settings, not on 15006; write envoy-inbound:16006, or envoy-inbound\./],
    ],
    [
      "a port where the status server is not",
      { answer: { "client -> pod:80": "status:80" } },
      [/status is on 15020 under these settings/],
    ],
    [
      "rules that cannot be read, together with flags that cannot",
      { capture: ["-p", "x"], rules: { ip: "*nat\n-A NOWHERE -j ACCEPT\nCOMMIT\n" } },
      [/^sample\.ts: capture -p/, /^sample\.ts: rules\.ip .*NOWHERE/],
    ],
    [
      "a source that no host has, together with flags that cannot be read",
      { capture: ["-p", "x"], answer: { "app@10.9.9.9 -> pod:80": "app" } },
      [/capture -p/, /which its host does not have/],
    ],
    ["an unknown flag", { capture: ["-q"] }, [/^sample\.ts: capture -q /]],
    [
      "an invalid flow",
      { answer: { "client->pod:80": "app" } },
      [/^sample\.ts: answer "client->pod:80" is not a valid flow/],
    ],
    [
      "an invalid landing, with its flow",
      { forward: { "client -> pod:80": "ap" } },
      [/^sample\.ts: forward "client -> pod:80" "ap" is not a valid landing/],
    ],
    [
      "everything at once",
      { capture: ["-p", "x"], answer: { "nobody -> pod:0": "ap", "app -> pod:80": "app@" } },
      [
        /capture -p/,
        /"nobody" is not an actor/,
        /"0" is not a port/,
        /"ap" is not a valid landing/,
        /"app@" is not a valid landing/,
      ],
    ],
    [
      "a datagram that is to be forwarded",
      { forward: { "app -> upstream:53/udp": "upstream" } },
      [/forward "app -> upstream:53\/udp" is a datagram, which no listener of this pod forwards; move it to answer/],
    ],
    [
      "a source that no host of the actor has",
      { answer: { "app@10.9.9.9 -> pod:80": "app" } },
      [/has the source 10\.9\.9\.9, which its host does not have; use 10\.244\.0\.2 or a loopback/],
    ],
    ["a source that only an IPv6 pod has", { answer: { "envoy@[::6] -> pod6:80": "app" } }, [/only an IPv6 pod has/]],
    ["a vm without an interface", { answer: { "vm -> pod:80": "app" } }, [/exists only with -k/]],
    [
      "a rule to be left out that is not there",
      { without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -j NOWHERE" }] },
      [
        /^sample\.ts: without\[0\]\.rule "-A ISTIO_OUTPUT -j NOWHERE" is not among the IPv4 rules of the table nat; that chain has "-A ISTIO_OUTPUT -s/,
      ],
    ],
    [
      "a rule to be left out of a table without rules",
      { without: [{ family: 6, table: "nat", rule: "-A OUTPUT -j ACCEPT" }] },
      [/that table has no rules/],
    ],
    [
      "rules that cannot be read",
      { rules: { ip: "*nat\n-A NOWHERE -j ACCEPT\nCOMMIT\n" } },
      [/^sample\.ts: rules\.ip .*NOWHERE/],
    ],
    [
      "flows of a family that has no rules to be tested",
      { rules: { ip6: "" } },
      [/^sample\.ts: rules There are IPv4 flows, but ip is missing/],
    ],
  ];
  test.each(rows)("%s", (_, fields, patterns) => {
    expect(findFaults(fields)).toEqual(patterns.map((pattern) => expect.stringMatching(pattern)));
  });
});

/** Gives the sample scenario's rules with these fields changed: both families as text, null where one is not under test. */
function renderRules(fields: Partial<Scenario>) {
  const parsed = parseScenario({ ...SCENARIO, ...fields }, "sample.ts");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  const { installation } = parsed.value;
  const rules = installation.kind === "script" ? null : installation.rules;
  const [ip, ip6] = [rules?.ip, rules?.ip6].map((ruleset) => ruleset && renderIptablesSave(ruleset));
  return { kind: installation.kind, ip, ip6 };
}

describe("a scenario's rules", () => {
  const PASS_THROUGH = "-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN";

  test("come from its flags, installed as an init container would", () => {
    const { kind, ip } = renderRules({});
    expect(kind).toBe("capture");
    expect(ip).toContain(PASS_THROUGH);
  });

  test("lack exactly the rules under `without`", () => {
    const whole = renderRules({}).ip;
    const { kind, ip } = renderRules({ without: [{ family: 4, table: "nat", rule: PASS_THROUGH }] });
    expect(kind).toBe("rules");
    expect(ip).toBe(whole?.replace(`${PASS_THROUGH}\n`, ""));
  });

  test("lose one of two equal rules for each entry under `without`", () => {
    const removed = { family: 4, table: "nat", rule: "-A ISTIO_INBOUND -p tcp -m tcp --dport 80 -j RETURN" } as const;
    const { ip } = renderRules({ capture: ["-b", "*", "-d", "80,80"], without: [removed] });
    expect(ip?.split(removed.rule).length).toBe(2);
  });

  test("are those that the scenario gives, and a family without rules is not under test", () => {
    expect(renderRules({ rules: { ip6: "" }, answer: { "client6 -> pod6:80": "app" } })).toEqual({
      kind: "rules",
      ip: null,
      ip6: expect.not.stringContaining("-A"),
    });
  });

  test.each([
    ["ipv4", undefined, false],
    ["ipv6", "ipv6", true],
    ["dual, as the original has it", "dual", false],
  ] as const)("of a pod that is %s", (_, pod, hasNat) => {
    expect(renderRules(pod ? { pod } : {}).ip6?.includes("*nat")).toBe(hasNat);
  });
});

describe("a scenario with other rules", () => {
  const NONE = { ip: null, ip6: null, policyRouting: { rules: [], routes: [], addresses: [] } };
  const parsed = parseScenario({ ...SCENARIO, forward: { "client6 -> pod6:80": "app" } }, "sample.ts");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));

  test("keeps the flows of the families of these rules", () => {
    const rules = { ...NONE, ip6: { family: 6 as const, tables: [] } };
    const flows = replaceInstallation(parsed.value, { kind: "rules", rules })?.flows;
    expect(flows).toEqual([
      expect.objectContaining({ flow: expect.objectContaining({ written: "client6 -> pod6:80" }) }),
    ]);
  });

  test("is refused if no flow is left", () => {
    expect(replaceInstallation(parsed.value, { kind: "rules", rules: NONE })).toBeNull();
  });
});
