import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BARE_SHAPE } from "../../../harness/model/pod-shape.ts";
import { startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { bringResolverFile } from "../../../harness/sandbox/pod/resolver-file.ts";

test("what runs in the pod is told the servers of the pod's shape, and the machine keeps its own file", async () => {
  const before = readFileSync("/etc/resolv.conf", "utf8");
  await using world = await startNetnsWorld();
  const pod = world.stations.get("pod");
  if (!pod) throw new Error("the sandbox has no pod");
  const read = async () => {
    const run = { namespace: pod.namespace, command: ["cat", "/etc/resolv.conf"], environment: {}, stdin: "" };
    return (await pod.agent.call("run", { ...run, timeoutMs: 5_000 })).stdout;
  };
  const [first, second] = [["192.0.2.7"], ["10.96.0.10", "2001:db8::53"]].map((resolvers) => ({ resolvers }));
  if (!first || !second) throw new Error("no shapes");
  await bringResolverFile(pod, world.files, BARE_SHAPE, first);
  expect(await read()).toBe("nameserver 192.0.2.7\n");
  await bringResolverFile(pod, world.files, first, second);
  expect(await read()).toBe("nameserver 10.96.0.10\nnameserver 2001:db8::53\n");
  expect(readFileSync("/etc/resolv.conf", "utf8")).toBe(before);
});
