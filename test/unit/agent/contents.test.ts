import { afterAll, beforeAll, expect, test } from "vitest";
import type { AgentClient } from "../../../harness/sandbox/agents/agent-client.ts";
import { startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import type { World } from "../../../harness/sandbox/world.ts";

let world: World;
let agent: AgentClient;

beforeAll(async () => {
  world = await startNetnsWorld();
  agent = world.stations.get("pod")?.agent as AgentClient;
});
afterAll(() => world[Symbol.asyncDispose]());

const read = () => agent.call("read-contents", { namespace: "pod" });

async function run(command: string): Promise<void> {
  const words = ["sh", "-c", command];
  const { status, stderr } = await agent.call("run", {
    ...{ namespace: "pod", command: words, environment: {}, stdin: "", timeoutMs: 5_000 },
  });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}

test.each([
  ["a rule of iptables", "iptables -A INPUT -p udp -j DROP"],
  ["a rule of ip6tables in a chain of its own", "ip6tables -t nat -N own && ip6tables -t nat -A own -j ACCEPT"],
  ["a rule of iptables-legacy", "iptables-legacy -t mangle -A OUTPUT -p udp -j DROP"],
  ["a policy of ip6tables-legacy", "ip6tables-legacy -P FORWARD DROP"],
  ["a set of nft", "nft 'add table inet own; add set inet own s { type inet_service; }'"],
  [
    "an empty table of nft that drops",
    "nft 'add table ip own; add chain ip own c { type filter hook input priority 0; policy drop; }'",
  ],
])("%s is seen, and clear-all takes it out", async (_, command) => {
  const before = await read();
  expect(before.rules).toBe("");
  await run(command);
  expect((await read()).rules).not.toBe("");
  await agent.call("clear-all", { namespace: "pod", variant: "default" });
  expect(await read()).toEqual(before);
});

test.each([
  ["a policy rule", "ip rule add fwmark 7 lookup 133", "ip rule del fwmark 7"],
  ["a route", "ip -6 route add local ::/0 dev lo table 133", "ip -6 route del local ::/0 dev lo table 133"],
  ["an address", "ip addr add 192.0.2.9/32 dev lo", "ip addr del 192.0.2.9/32 dev lo"],
])("%s that somebody adds is seen", async (_, add, remove) => {
  const before = await read();
  await run(add);
  expect((await read()).network).not.toEqual(before.network);
  await run(remove);
  expect(await read()).toEqual(before);
});
