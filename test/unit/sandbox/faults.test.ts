import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentSandbox } from "../../../harness/sandbox/agents/agent-sandbox.ts";
import { type NetnsWorld, startNetnsWorld } from "../../../harness/sandbox/netns/world.ts";
import { NO_ROUTING_TEXT } from "../../../harness/sandbox/pod/routing-text.ts";
import { makeFlow, USUAL_SPEC, waitUntilGone } from "./sandbox-setup.ts";

/** A program in the pod that is none of landfall's listeners; `serve` is what it does with each connection. */
function strangerOn(port: number, serve: string): readonly string[] {
  const code = `require("node:net").createServer((socket) => {${serve}}).listen(${port}, () => process.stdout.write("up"))`;
  return [process.execPath, "-e", code];
}

describe("a fault of the harness is reported as such, never as a landing:", () => {
  let world: NetnsWorld;
  let sandbox: AgentSandbox;
  let pid: number;

  beforeEach(async () => {
    world = await startNetnsWorld();
    sandbox = new AgentSandbox(world);
    await sandbox.enter(USUAL_SPEC);
    pid = (await podAgent().call("hello", { variant: "default" })).pid;
  });
  afterEach(() => sandbox[Symbol.asyncDispose]());

  function podAgent() {
    const station = world.stations.get("pod");
    if (!station) throw new RangeError("there is no pod");
    return station.agent;
  }

  /** Starts a stranger that lives as long as the sandbox, and waits until a connection to its port is made. */
  async function startStranger(port: number, serve: string): Promise<void> {
    const run = { namespace: "pod", environment: {}, stdin: "", timeoutMs: 30_000 };
    podAgent()
      .call("run", { ...run, command: strangerOn(port, serve) }, 30_000)
      .catch(() => {});
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      const [seen] = await sandbox.drive([makeFlow(`app -> localhost:${port}`)]);
      if (seen?.landing.kind !== "refused") return;
    }
    throw new Error(`nothing listens on ${port}`);
  }

  async function check(flow: string, cause: RegExp): Promise<void> {
    const [seen] = await sandbox.drive([makeFlow(flow)]);
    expect(seen?.landing).toMatchObject({
      kind: "could-not-look",
      listener: null,
      cause: expect.stringMatching(cause),
    });
  }

  test("a listener that accepts and says nothing", async () => {
    await startStranger(7001, "");
    await check("client -> pod:7001", /the connection was made, but nothing answered/);
  });

  test("a listener that resets the connection after the request", async () => {
    await startStranger(7002, 'socket.once("data", () => socket.resetAndDestroy())');
    await check("client -> pod:7002", /the other side read the greeting and reset the connection/);
  });

  test("a listener that closes without an answer", async () => {
    await startStranger(7003, 'socket.once("data", () => socket.end())');
    await check("client -> pod:7003", /closed without an answer/);
  });

  test("a foreign server that answers in another protocol", async () => {
    await startStranger(7004, 'socket.end("220 mail.example ESMTP\\n")');
    await check("client -> pod:7004", /unexpected answer from an unknown program/);
  });

  test("a foreign server that answers like a listener, which no listener's record confirms", async () => {
    const answer =
      '{ token: JSON.parse(line).token, landing: { kind: "listener", listener: "app", port: 8080, hops: [] } }';
    await startStranger(7005, `socket.once("data", (line) => socket.end(JSON.stringify(${answer}) + "\\n"))`);
    await check("client -> pod:7005", /the listeners recorded \[\]/);
  });

  test("a source that the actor's host does not have", async () => {
    const [seen] = await sandbox.drive([makeFlow("envoy@10.1.2.3 -> upstream:80")]);
    expect(seen?.landing).toMatchObject({ kind: "could-not-look", cause: expect.stringContaining("EADDRNOTAVAIL") });
  });

  test("an agent that is killed while flows are driven, and every later call", async () => {
    const drop =
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -j DROP\nCOMMIT\n";
    const place = { namespace: "pod", variant: "default" } as const;
    await podAgent().call("apply", { ...place, ip: drop, ip6: null, policyRouting: NO_ROUTING_TEXT });
    const flows = Array.from({ length: 8 }, () => makeFlow("client -> pod:8080"));
    const driven = sandbox.drive(flows, { inFlight: 8 });
    process.kill(pid, "SIGKILL");
    const landings = (await driven).map(({ landing }) => landing);
    expect(landings.map(({ kind }) => kind)).toEqual(flows.map(() => "could-not-look"));
    expect(landings[0]?.cause).toMatch(/the sandbox agent of the sandbox has ended/);
    await expect(sandbox.enter(USUAL_SPEC)).rejects.toMatchObject({ code: "agent-failed" });
    await expect(sandbox.clear()).rejects.toMatchObject({ code: "agent-failed" });
  });

  test("an agent that hangs is given up after the call's time limit", async () => {
    process.kill(pid, "SIGSTOP");
    await expect(podAgent().call("sync", {}, 100)).rejects.toMatchObject({
      code: "agent-failed",
      message: expect.stringContaining("did not reply to sync within 100 ms"),
    });
    await sandbox[Symbol.asyncDispose]();
    await waitUntilGone(pid);
  });
});
