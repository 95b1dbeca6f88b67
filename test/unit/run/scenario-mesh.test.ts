import { describe, expect, test } from "vitest";
import type { Scenario } from "../../../harness/model/scenario.ts";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { readScenarioShape } from "../../../harness/run/scenario/scenario-shape.ts";
import { runScenario } from "../../../harness/run/scenario-run.ts";
import { elsewhereCluster, passThroughCluster } from "../../../harness/sandbox/envoy/clusters.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";

/** Runs a scenario in the simulator; gives each flow's verdict. */
async function judge(scenario: Scenario): Promise<readonly string[]> {
  const parsed = parseScenario(scenario, "x.ts");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  await using sandbox = await openSandbox("simulated");
  return (await runScenario(parsed.value, sandbox)).report.flows.map(({ flow, verdict }) => `${flow}: ${verdict}`);
}

const DNS = {
  name: "x",
  claim: "x.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "--redirect-dns"],
  answer: { "app -> 127.0.0.53:53/udp": "dns:15053", "app -> 10.96.0.10:53/udp": "upstream:53" },
};

describe("a scenario of a mesh", () => {
  test("names the servers whose DNS the mesh captures", async () => {
    const told = (verdict: string) => Object.keys(DNS.answer).map((flow) => `${flow}: ${verdict}`);
    expect(await judge({ ...DNS, resolvers: ["127.0.0.53"] })).toEqual(told("pass"));
    expect(await judge(DNS)).toEqual(told("wrong"));
  });

  test("is refused with a resolver that is not an address", () => {
    expect(readScenarioShape({ ...DNS, resolvers: ["dns.example"] }, "x.ts").ok).toBe(false);
  });

  test("lets a flow land on a host that the mesh adds", async () => {
    const flow = "app -> 169.254.7.127:80";
    const ambient = { name: "x", claim: "x.", mesh: "istio-ambient", capture: [] };
    expect(await judge({ ...ambient, answer: { [flow]: "kubelet:80" } })).toEqual([`${flow}: pass`]);
    expect(await judge({ ...ambient, answer: { [flow]: "upstream:80" } })).toEqual([`${flow}: wrong`]);
  });
});

describe("a real Envoy", () => {
  const settings = { listeners: [], podAddresses: [], passThrough: { 4: "127.0.0.6", 6: null }, connectTimeoutMs: 1 };
  test("marks the sockets from which it dials as the pod's proxy does", () => {
    const option = { socket_options: [{ level: 1, name: 36, int_value: 0x539, state: "STATE_PREBIND" }] };
    for (const makeCluster of [elsewhereCluster, passThroughCluster])
      expect(makeCluster(4, { ...settings, mark: 0x539 })).toMatchObject({ upstream_bind_config: option });
  });

  test("leaves them without a mark if the proxy has none", () => {
    expect(JSON.stringify(passThroughCluster(4, { ...settings, mark: 0 }))).not.toContain("socket_options");
  });
});
