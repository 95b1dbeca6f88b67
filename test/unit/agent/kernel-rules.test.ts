import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentClient } from "../../../harness/sandbox/agents/agent-client.ts";
import { AgentSandbox } from "../../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { NO_ROUTING_TEXT } from "../../../harness/sandbox/pod/routing-text.ts";
import { makeFlow, USUAL_SPEC } from "../sandbox/sandbox-setup.ts";

const POD = { namespace: "pod", variant: "default" } as const;
const COUNT_8080 = "*filter\n-A INPUT -p tcp -m tcp --dport 8080\nCOMMIT\n";

describe("rules that are loaded already", () => {
  let sandbox: AgentSandbox;
  let agent: AgentClient;

  beforeAll(async () => {
    const world = await startNetnsWorld();
    sandbox = new AgentSandbox(world);
    agent = world.stations.get("pod")?.agent as AgentClient;
    await sandbox.enter(USUAL_SPEC);
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  const put = (ip: string, ip6: string) => agent.call("apply", { ...POD, ip, ip6, policyRouting: NO_ROUTING_TEXT });
  const readRule = async () =>
    (await agent.call("counters", POD)).ip?.split("\n").find((line) => line.includes("8080"));

  test("keep their counters while the other family changes, and lose them when they are cleared", async () => {
    await put(COUNT_8080, "");
    await sandbox.drive([makeFlow("client -> pod:8080")]);
    await put(COUNT_8080, COUNT_8080);
    expect(await readRule()).not.toMatch(/^\[0:/);
    await sandbox.clear();
    expect(await readRule()).toBeUndefined();
    await put(COUNT_8080, "");
    expect(await readRule()).toMatch(/^\[0:/);
  });

  test("are loaded again after a script has changed the pod's rules", async () => {
    await put(COUNT_8080, "");
    await agent.call("remember", { namespace: "pod" });
    const flush = { namespace: "pod", command: ["iptables", "-F"], environment: {}, stdin: "", timeoutMs: 5_000 };
    await agent.call("run", flush);
    await put(COUNT_8080, "");
    expect(await readRule()).toMatch(/^\[0:/);
  });
});
