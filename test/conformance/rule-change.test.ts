import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Scenario } from "../../harness/model/scenario.ts";
import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import type { World } from "../../harness/sandbox/world.ts";
import { bindCase } from "./cases.ts";

/** The app takes redirected datagrams, and its answers are dropped, so that the sender waits while the rules are changed. */
const REDIRECTED: Scenario = {
  name: "rule-change",
  claim: "A datagram is redirected, and its answer is lost.",
  capture: [],
  rules: {
    ip: [
      "*nat",
      "-A OUTPUT -p udp -m udp --dport 53 -j REDIRECT --to-ports 8080",
      // Without any rule that needs it the kernel tracks no connection, and knows none.
      "-A OUTPUT -p udp -m udp --dport 99 -j REDIRECT --to-ports 8080",
      "COMMIT",
      "*filter",
      "-A OUTPUT -p udp -m udp --sport 8080 -j DROP",
      "COMMIT",
      "",
    ].join("\n"),
  },
  answer: { "again app -> upstream:53/udp": "unanswered", "app -> upstream:53/udp": "unanswered" },
};

describe("on the kernel, after the rules that redirected a datagram are removed,", () => {
  let world: World;
  let sandbox: AgentSandbox;
  beforeAll(async () => {
    world = await startNetnsWorld();
    sandbox = new AgentSandbox(world);
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  /** As soon as the first datagram is tracked, and as somebody else would do it: connection tracking forgets nothing. */
  async function takeRulesOut(): Promise<void> {
    const station = world.stations.get("pod");
    if (!station) throw new Error("the sandbox has no pod");
    const script = [
      "until grep -q 'dport=53 ' /proc/thread-self/net/nf_conntrack; do sleep 0.01; done",
      "iptables -t nat -D OUTPUT 1 && iptables -t filter -D OUTPUT 1",
    ].join("\n");
    const run = { namespace: station.namespace, command: ["sh", "-c", script], environment: {}, stdin: "" };
    const { status, stderr } = await station.agent.call("run", { ...run, timeoutMs: 5_000 });
    expect([status, stderr]).toEqual([0, ""]);
  }

  test.each([
    [
      "a second one over the same socket still goes the way of the first",
      0,
      { listener: "app", port: 8080, originalDestination: "10.244.0.4:53" },
    ],
    [
      "one over another socket goes to its own destination",
      1,
      { listener: "upstream", port: 53, originalDestination: null },
    ],
  ] as const)("%s", async (_, index, landing) => {
    const bound = bindCase(REDIRECTED, sandbox.addresses);
    const [again, first] = bound.flows;
    if (!again || !first) throw new RangeError("the case has two flows");
    await sandbox.clear();
    await sandbox.enter(bound.spec);
    await sandbox.install(bound.installation);
    const driven = sandbox.drive([again]);
    await takeRulesOut();
    const [second] = await driven;
    const seen = index === 0 ? second : (await sandbox.drive([first]))[0];
    expect(seen?.landing).toMatchObject({ kind: "listener", ...landing });
  });
});
