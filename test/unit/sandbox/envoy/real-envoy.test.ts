import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentSandbox } from "../../../../harness/sandbox/agents/agent-sandbox.ts";
import { ensureEnvoy } from "../../../../harness/sandbox/envoy/program.ts";
import { type NetnsWorld, startNetnsWorld } from "../../../../harness/sandbox/netns/world.ts";
import { shapeOf } from "../../../istio-pod.ts";
import { makeFlow, USUAL_SPEC, waitUntilGone } from "../sandbox-setup.ts";

/** Gives the process that a process has started, by what /proc tells. */
function childOf(parent: number): number {
  const isChild = (pid: string) =>
    readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === `${parent}`;
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      return isChild(pid);
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`process ${parent} has no child`);
  return Number(found);
}

function ownerOf(pid: number): readonly (string | undefined)[] {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return ["Uid", "Gid", "Groups"].map((name) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, "m").exec(status)?.[1]);
}

describe("a real Envoy", () => {
  let world: NetnsWorld;
  let sandbox: AgentSandbox;
  let agent: number;

  beforeEach(async () => {
    world = await startNetnsWorld(await ensureEnvoy(() => {}));
    sandbox = new AgentSandbox(world);
    await sandbox.enter(USUAL_SPEC);
    agent = (await world.stations.get("proxy")?.agent.call("hello", { variant: "default" }))?.pid ?? 0;
  });
  afterEach(() => sandbox[Symbol.asyncDispose]());

  test("has the proxy's ids and no others", () => {
    expect(ownerOf(childOf(agent))).toEqual(["1337\t1337\t1337\t1337", "1337\t1337\t1337\t1337", ""]);
  });

  test("is kept while scenarios need the same configuration, and replaced otherwise", async () => {
    const first = childOf(agent);
    await sandbox.enter({ ...USUAL_SPEC, listen: [8080, 22, 9090] });
    expect(childOf(agent)).toBe(first);
    await sandbox.enter({ ...USUAL_SPEC, shape: shapeOf({ proxyPort: 15101 }), listen: [8080, 22, 15001] });
    await waitUntilGone(first);
    const [seen] = await sandbox.drive([makeFlow("client -> pod:15101", "forward")]);
    expect(seen?.landing).toMatchObject({ kind: "listener", listener: "envoy-outbound", port: 15101 });
  });

  test("ends with the agent, however the agent ends", async () => {
    const envoy = childOf(agent);
    process.kill(agent, "SIGKILL");
    await waitUntilGone(envoy);
  });

  test("that ends in the middle of a run ends the agent, so that no flow has a landing", async () => {
    process.kill(childOf(agent), "SIGKILL");
    await waitUntilGone(agent);
    const [seen] = await sandbox.drive([makeFlow("app -> localhost:15001", "forward")]);
    expect(seen?.landing).toMatchObject({ kind: "could-not-look", cause: expect.stringContaining("Envoy has exited") });
  });

  test("that cannot start reports its own error message", async () => {
    const spec = { ...USUAL_SPEC, shape: shapeOf({ inboundCapturePort: 15002 }), listen: [15002] };
    await expect(sandbox.enter(spec)).rejects.toMatchObject({
      code: "environment",
      message: expect.stringMatching(/Address already in use/),
    });
  });
});
