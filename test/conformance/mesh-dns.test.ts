import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scenario } from "../../harness/model/scenario.ts";
import { parseScenario } from "../../harness/run/scenario/parsed-scenario.ts";
import { runScenario } from "../../harness/run/scenario-run.ts";
import { openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";

const ISTIO = ["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "*"];
const CONSUL = {
  ...{ ProxyUserID: "5995", ProxyInboundPort: 20000, ProxyOutboundPort: 15001 },
  ...{ ConsulDNSIP: "127.0.0.1", ConsulDNSPort: 8600 },
};

/** DNS that a mesh captures, by UDP and by TCP, the rule that does so over IPv4, and what it does not capture. */
const SCENARIOS: readonly (readonly [Scenario, rule: string])[] = [
  [
    {
      name: "istio",
      claim: "DNS goes to the agent, whichever server it is sent to, but the proxy's own.",
      mesh: "istio",
      capture: [...ISTIO, "--redirect-dns", "--capture-all-dns"],
      answer: {
        "app -> upstream:53/udp": "dns:15053",
        "app -> upstream:53": "dns:15053",
        "again app -> upstream:53/udp": "dns:15053",
        "envoy -> upstream:53/udp": "upstream:53",
        "app -> upstream:54/udp": "upstream:54",
      },
    },
    "-A ISTIO_OUTPUT_DNS -p udp -m udp --dport 53 -j REDIRECT --to-ports 15053",
  ],
  [
    {
      name: "istio-ambient",
      claim: "DNS goes to ztunnel over both families, but ztunnel's own.",
      mesh: "istio-ambient",
      capture: ["--ambient-dns-capture", "--ambient-ipv6"],
      answer: {
        "app -> upstream:53/udp": "dns:15053",
        "app -> upstream6:53/udp": "dns:15053",
        "app -> upstream:53": "dns:15053",
        "ztunnel -> upstream:53/udp": "upstream:53",
      },
    },
    "-A ISTIO_OUTPUT ! -o lo -p udp -m mark ! --mark 0x539/0xfff -m udp --dport 53 -j REDIRECT --to-ports 15053",
  ],
  [
    {
      name: "consul",
      claim: "DNS at Consul's address goes to its server, and DNS elsewhere does not.",
      mesh: "consul",
      meshConfig: JSON.stringify(CONSUL),
      capture: [],
      answer: {
        "app -> localhost:53/udp": "consul-dns:8600",
        "app -> localhost:53": "consul-dns:8600",
        "app -> upstream:53/udp": "upstream:53",
        "client -> pod:8080/udp": "app:8080",
      },
    },
    "-A CONSUL_DNS_REDIRECT -d 127.0.0.1/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.1:8600",
  ],
];

describe("on the kernel, DNS lands where the mesh sends it:", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox("netns");
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  async function drive(scenario: Scenario) {
    const parsed = parseScenario(scenario, "test");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings, null, 2));
    const { report } = await runScenario(parsed.value, sandbox, {});
    return report.flows.map(({ flow, verdict }) => [flow, verdict]);
  }

  test.each(SCENARIOS.map(([scenario, rule]) => [scenario.name, scenario, rule] as const))(
    "%s, and elsewhere without the rule for it",
    async (_, scenario, rule) => {
      const flows = Object.keys(scenario.answer ?? {});
      expect(await drive(scenario)).toEqual(flows.map((flow) => [flow, "pass"]));
      const broken = await drive({ ...scenario, without: [{ family: 4, table: "nat", rule }] });
      expect(broken.filter(([, verdict]) => verdict !== "pass")).not.toEqual([]);
    },
  );
});
