import { expect, test } from "vitest";
import { parseIptablesSave, renderIptablesSave } from "../../../harness/formats/iptables-save.ts";
import type { CaptureConfig } from "../../../harness/meshes/istio-1.4/config.ts";
import { generateRules } from "../../../harness/meshes/istio-1.4/rules.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import type { PodRules, Ruleset } from "../../../harness/model/ruleset.ts";
import { bindScenario } from "../../../harness/run/scenario/bound-scenario.ts";
import { findOmissions } from "../../../harness/run/scenario/omissions.ts";
import type { Installation } from "../../../harness/sandbox/sandbox.ts";
import { captureOf } from "../../istio-pod.ts";
import { configOf } from "../meshes/istio-1.4/intent-setup.ts";

const SCRIPT: Installation = { kind: "script", path: "x" };
const TPROXY = configOf({ interceptionMode: "TPROXY" });
const bare = (rules: PodRules): PodRules => ({ ...rules, policyRouting: { rules: [], routes: [], addresses: [] } });

/** The same rules, those of TPROXY with a match that nobody knows. */
function guessed(ruleset: Ruleset | null): Ruleset | null {
  if (ruleset === null) return null;
  const parsed = parseIptablesSave(renderIptablesSave(ruleset).replaceAll("-j TPROXY", "-m wonder --at it -j TPROXY"), {
    where: "test",
    family: 4,
  });
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join(" "));
  return parsed.value;
}

/** Gives what is said to be missing from the config's own rules, changed. */
function check(
  config: CaptureConfig,
  change: (rules: PodRules) => PodRules,
  expected: readonly (readonly string[])[],
  installation: Installation = SCRIPT,
): void {
  const scenario = {
    name: "s",
    claim: "c",
    requiredBy: { kind: "settings", text: "" },
    capture: captureOf(config),
    installation,
    listen: [],
    rulesOf: "capture",
    flows: "boundaries",
  } as const;
  const bound = bindScenario(scenario, DEFAULT_ADDRESSES);
  const found = findOmissions(bound, change(generateRules(config)), DEFAULT_ADDRESSES);
  expect(found.map(({ missing }) => missing)).toEqual(expected);
}

const BOTH = ["ip rule add fwmark 0x539 lookup 133", "ip route add local default dev lo table 133"];

test("TPROXY without its policy routing is an omission, also with a list of ports", () => {
  check(TPROXY, (rules) => rules, []);
  check(TPROXY, bare, [BOTH]);
  check({ ...TPROXY, inboundPortsInclude: ["9000"] }, bare, [BOTH]);
});

test("a mark that no routing rule looks up is found, although a rule and a route exist", () => {
  const { ip } = generateRules({ ...TPROXY, tproxyMark: 7 });
  check(TPROXY, (rules) => ({ ...rules, ip }), [[]]);
});

test("a wrong port of the proxy is not an omission, because the routing brings the flow there", () => {
  const { ip } = generateRules({ ...TPROXY, proxyPort: TPROXY.inboundCapturePort });
  check(TPROXY, (rules) => ({ ...rules, ip }), []);
});

test("if a match is not understood, any rule with any route is accepted", () => {
  const guess = (rules: PodRules): PodRules => ({ ...rules, ip: guessed(rules.ip) });
  check(TPROXY, guess, []);
  check(TPROXY, (rules) => bare(guess(rules)), [BOTH]);
});

test("an omission names a flow that would reveal it", () => {
  const bound = bindScenario(
    {
      name: "s",
      claim: "c",
      requiredBy: { kind: "settings", text: "" },
      capture: captureOf(TPROXY),
      installation: SCRIPT,
      listen: [],
      rulesOf: "capture",
      flows: "boundaries",
    },
    DEFAULT_ADDRESSES,
  );
  const [omission] = findOmissions(bound, bare(generateRules(TPROXY)), DEFAULT_ADDRESSES);
  expect([omission?.witness, omission?.expected.listener, omission?.predicted.kind]).toEqual([
    "vm -> upstream:8080",
    "envoy-outbound",
    "timed-out",
  ]);
});

test("there is no omission if flows reveal it, if nothing is demanded, or for files, which contain no routing", () => {
  check({ ...TPROXY, kubevirtInterfaces: ["net1"] }, bare, []);
  check(TPROXY, (rules) => ({ ...bare(rules), ip: { family: 4, tables: [] } }), []);
  check(configOf(), bare, []);
  check(TPROXY, bare, [], { kind: "rules", rules: generateRules(TPROXY) });
});
