import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentClient } from "../../../harness/sandbox/agents/agent-client.ts";
import { AgentSandbox } from "../../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { NO_ROUTING_TEXT } from "../../../harness/sandbox/pod/routing-text.ts";
import { makeFlow, USUAL_SPEC } from "../sandbox/sandbox-setup.ts";

const POD = { namespace: "pod", variant: "default" } as const;

describe("the kernel sees as owner", () => {
  let sandbox: AgentSandbox;
  let agent: AgentClient;

  beforeAll(async () => {
    const world = await startNetnsWorld();
    sandbox = new AgentSandbox(world);
    await sandbox.enter(USUAL_SPEC);
    agent = world.stations.get("pod")?.agent as AgentClient;
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  /** Drives a flow and gives which of the owners named have sent packets with data in them. */
  async function findSenders(flow: string, owners: readonly string[]): Promise<readonly string[]> {
    const rules = owners.map((owner) => `-A OUTPUT -p tcp --tcp-flags PSH PSH -m owner ${owner}`);
    const ip = `*mangle\n${rules.join("\n")}\nCOMMIT\n`;
    await sandbox.clear();
    await agent.call("apply", { ...POD, ip, ip6: null, policyRouting: NO_ROUTING_TEXT });
    const [seen] = await sandbox.drive([makeFlow(flow)]);
    expect(seen?.landing.kind).toBe("listener");
    const counted = (await agent.call("counters", POD)).ip ?? "";
    return owners.filter(
      (_, i) =>
        !counted
          .split("\n")
          .filter((line) => line.includes("--tcp-flags"))
          [i]?.startsWith("[0:"),
    );
  }

  const OWNERS = [
    "--uid-owner 0",
    "--uid-owner 1000",
    "--gid-owner 1000",
    "--uid-owner 1337",
    "--gid-owner 1337",
    "--uid-owner 4294967294",
  ];

  test.each([
    ["whoever accepted: the workload", "client -> pod:8080", ["--uid-owner 1000", "--gid-owner 1000"]],
    ["whoever accepted: the proxy", "client -> pod:15006", ["--uid-owner 1337", "--gid-owner 1337"]],
    ["whoever dials: the workload", "app -> upstream:80", ["--uid-owner 1000", "--gid-owner 1000"]],
    ["whoever dials: root", "root -> upstream:80", ["--uid-owner 0"]],
    ["whoever dials: uid and gid apart", "uid=1337,gid=1000 -> upstream:80", ["--gid-owner 1000", "--uid-owner 1337"]],
    ["whoever dials: the highest id there is", "uid=4294967294,gid=7 -> upstream:80", ["--uid-owner 4294967294"]],
  ])("%s", async (_, flow, expected) => {
    expect(await findSenders(flow, OWNERS)).toEqual(expected);
  });
});
