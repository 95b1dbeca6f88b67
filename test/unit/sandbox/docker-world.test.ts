import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import type { PodSpec } from "../../../harness/model/pod.ts";
import { NO_POLICY_ROUTING } from "../../../harness/model/policy-routing.ts";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { ensureImage } from "../../../harness/sandbox/docker/image.ts";
import { runInitContainer } from "../../../harness/sandbox/docker/init.ts";
import { RUN_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { removeNetwork } from "../../../harness/sandbox/docker/network.ts";
import { sweepEngine } from "../../../harness/sandbox/docker/sweep.ts";
import { openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import { currentRunId, stateOfRun } from "../../../harness/sandbox/run-id.ts";
import type { FlowRequest, Sandbox } from "../../../harness/sandbox/sandbox.ts";
import { SHAPE, shapeOf } from "../../istio-pod.ts";
import { USUAL_SPEC } from "./sandbox-setup.ts";

const engine = connectEngine();
/** How long the engine may take to remove what has ended, on a machine that has much else to do. */
const REMOVAL = { timeout: 20_000 };
const RUNNER = join(import.meta.dirname, "docker-runner.ts");

/** Gives the names of the containers, or of the networks, that the run of a process has. */
async function listOf(kind: "containers" | "networks", pid: number): Promise<readonly string[]> {
  const filters = { label: [RUN_LABEL] };
  const found =
    kind === "containers"
      ? (await engine.listContainers({ all: true, filters })).map(
          ({ Names, Labels }) => [Names[0] ?? "", Labels] as const,
        )
      : (await engine.listNetworks({ filters })).map(({ Name, Labels }) => [Name, Labels ?? {}] as const);
  return found.filter(([, labels]) => labels[RUN_LABEL]?.split(".")[2] === String(pid)).map(([name]) => name);
}

/** Runs a command in a container, as `docker exec` does, and gives what it prints. */
async function runInside(container: string, ...command: readonly string[]): Promise<string> {
  const exec = await engine.getContainer(container).exec({ Cmd: [...command], AttachStdout: true });
  const [stream, stdout] = [await exec.start({}), new PassThrough()];
  engine.modem.demuxStream(stream, stdout, process.stderr);
  stream.on("end", () => stdout.end());
  return text(stdout);
}

async function startRunner(...args: readonly string[]): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, [RUNNER, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child as ChildProcess & { readonly pid: number };
}

function request(text: string, sandbox: Sandbox): FlowRequest {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new RangeError(text);
  return { flow: resolveFlow(parsed.value, sandbox.addresses, SHAPE), manner: "answer" };
}

describe("a run that is killed", () => {
  test("leaves no container, and of its networks only what the next sweep takes", async () => {
    const child = await startRunner();
    expect(await listOf("containers", child.pid)).toHaveLength(5);
    child.kill("SIGKILL");
    await once(child, "exit");
    await vi.waitFor(async () => expect(await listOf("containers", child.pid)).toEqual([]), REMOVAL);
    await vi.waitFor(async () => {
      await sweepEngine(engine, "dead");
      expect(await listOf("networks", child.pid)).toEqual([]);
    }, REMOVAL);
  });
});

describe("a run that ends", () => {
  test("leaves nothing", async () => {
    const sandbox = await openSandbox("docker");
    expect(await listOf("networks", process.pid)).toHaveLength(1);
    await sandbox[Symbol.asyncDispose]();
    expect(await listOf("containers", process.pid)).toEqual([]);
    expect(await listOf("networks", process.pid)).toEqual([]);
  });
  test("leaves everything if it is to be kept, and the shell command it prints enters the pod", async () => {
    const child = spawn(process.execPath, [RUNNER, "kept"], { stdio: ["ignore", "pipe", "inherit"] });
    let hint = "";
    child.stdout.on("data", (text) => {
      hint += text;
    });
    await once(child, "exit");
    const pid = child.pid ?? 0;
    const networks = await engine.listNetworks({ filters: { label: [RUN_LABEL] } });
    const run =
      networks.map(({ Labels }) => Labels?.[RUN_LABEL] ?? "").find((id) => id.split(".")[2] === String(pid)) ?? "";
    try {
      expect(await listOf("containers", pid)).toHaveLength(5);
      expect(hint).toMatch(/^docker exec -it landfall-\d+-\d+-pod bash\n$/);
      const [shell = "", container = ""] = hint.trim().split(" ").reverse();
      const addresses = await runInside(container, shell, "-c", "ip -brief address show eth0");
      expect(addresses).toMatch(/10\.244\.\d+\.2\/24/);
      await sweepEngine(engine, "dead");
      expect(await listOf("networks", pid)).toHaveLength(1);
    } finally {
      await vi.waitFor(async () => {
        await sweepEngine(engine, "dead-and-kept", [run]);
        expect([...(await listOf("containers", pid)), ...(await listOf("networks", pid))]).toEqual([]);
      }, REMOVAL);
    }
  });
});

describe("what the harness cannot observe is reported as such", () => {
  test("when a container is stopped: the flows of its agent, not those of the others", async () => {
    await using sandbox = await openSandbox("docker");
    await sandbox.enter(USUAL_SPEC);
    const [client] = (await listOf("containers", process.pid)).filter((name) => name.endsWith("-client"));
    await engine.getContainer(client?.slice(1) ?? "").kill();
    const seen = await sandbox.drive([request("client -> pod:8080", sandbox), request("app -> upstream:80", sandbox)]);
    expect(seen.map(({ landing }) => landing.kind)).toEqual(["could-not-look", "listener"]);
    expect(seen[0]?.landing.cause).toMatch(/the sandbox agent of the container landfall-\d+-\d+-client has ended/);
    await expect(sandbox.enter({ ...USUAL_SPEC, clientPorts: [90] })).rejects.toMatchObject({ code: "agent-failed" });
  });

  describe("when the engine stops", () => {
    const path = join(tmpdir(), `landfall-engine-${process.pid}.sock`);
    const sockets = new Set<Socket>();
    let server: Server | null = null;
    afterEach(async () => {
      vi.unstubAllEnvs();
      const ours = await engine.listNetworks({ filters: { label: [`${RUN_LABEL}=${currentRunId()}`] } });
      for (const { Id } of ours)
        await vi.waitFor(async () => expect(await removeNetwork(engine, Id)).toBe(true), REMOVAL);
    });

    /** Stands between landfall and the engine, so that the engine can go without harm to others. */
    async function startGate(): Promise<void> {
      server = createServer((near) => {
        const far = connect("/var/run/docker.sock");
        near.pipe(far).pipe(near);
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket.on("error", () => socket.destroy());
        }
      }).listen(path);
      await once(server, "listening");
    }

    test("flows are reported as not observed, and a sandbox can still be disposed of", async () => {
      await startGate();
      vi.stubEnv("DOCKER_HOST", `unix://${path}`);
      await using sandbox = await openSandbox("docker");
      await sandbox.enter(USUAL_SPEC);
      server?.close();
      for (const socket of sockets) socket.destroy();
      const [seen] = await sandbox.drive([request("client -> pod:8080", sandbox)]);
      expect(seen?.landing.kind).toBe("could-not-look");
    });

    test("no sandbox opens, and the error says which engine does not answer", async () => {
      vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
      await expect(openSandbox("docker")).rejects.toMatchObject({
        code: "environment",
        exitCode: 3,
        message: expect.stringContaining("/nowhere/docker.sock"),
      });
    });
  });
});

test("an init container has NET_ADMIN and NET_RAW and no other right", async () => {
  await using sandbox = await openSandbox("docker");
  await sandbox.enter(USUAL_SPEC);
  const [pod = ""] = (await listOf("containers", process.pid)).filter((name) => name.endsWith("-pod"));
  const image = await ensureImage(engine, "pod", () => {});
  const args = ["sh", "-c", "grep CapEff /proc/self/status >&2; exit 4"];
  const plan = {
    image,
    run: currentRunId(),
    pod: pod.slice(1),
    args,
    environment: {},
    rights: "capabilities",
  } as const;
  expect(stateOfRun(plan.run)).toBe("alive");
  await expect(runInitContainer(engine, plan)).rejects.toMatchObject({
    code: "rules-refused",
    message: expect.stringMatching(/status 4: CapEff:\s+0000000000003000$/),
  });
});

test("scenario after scenario leaves no descriptor open, neither in a container nor in this process", async () => {
  await using sandbox = await openSandbox("docker");
  const flows = ["client -> pod:8080", "app -> upstream:80"].map((text) => request(text, sandbox));
  const other = {
    ...USUAL_SPEC,
    shape: shapeOf({ proxyPort: 16001 }),
    listen: [8080],
    upstreamPorts: [80, 443],
    upstreamAddresses: ["10.96.0.1"],
  };
  const runScenario = async (spec: PodSpec) => {
    await sandbox.enter(spec);
    await sandbox.install({ kind: "rules", rules: { ip: null, ip6: null, policyRouting: NO_POLICY_ROUTING } });
    const seen = await sandbox.drive(flows);
    expect(seen.map(({ landing }) => landing.kind)).toEqual(["listener", "listener"]);
    await sandbox.clear();
  };
  const runBoth = async () => {
    await runScenario(other);
    await runScenario(USUAL_SPEC);
  };
  await runBoth();
  const before = await countDescriptors();
  for (let round = 0; round < 10; round++) await runBoth();
  // A connection that is over is closed by both ends, one after the other.
  await vi.waitFor(async () => expect(await countDescriptors()).toEqual(before), REMOVAL);
});

/** Counts the open descriptors of each agent, and of this process. */
async function countDescriptors(): Promise<Readonly<Record<string, number>>> {
  const containers = await listOf("containers", process.pid);
  const counts = await Promise.all(
    containers.toSorted().map(async (name) => {
      const listed = await runInside(name.slice(1), "ls", "/proc/1/fd");
      return [name, listed.trim().split("\n").length] as const;
    }),
  );
  return { ...Object.fromEntries(counts), here: readdirSync("/proc/self/fd").length };
}
