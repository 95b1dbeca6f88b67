import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Expectation, meetsExpectation } from "../../harness/model/expectation.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import type { Landing } from "../../harness/model/landing.ts";
import { connectEngine } from "../../harness/sandbox/docker/engine.ts";
import { findEngineSocket, linkByLibrary, linkBySocket } from "../../harness/sandbox/docker/engine-link.ts";
import { ensureImage } from "../../harness/sandbox/docker/image.ts";
import { limitWorlds, listWorlds, removeWorld, sweepWorlds } from "../../harness/sandbox/docker/kept-worlds.ts";
import { makeLabels, RUN_LABEL, WORLD_LABEL } from "../../harness/sandbox/docker/labels.ts";
import { sweepEngine } from "../../harness/sandbox/docker/sweep.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import { currentRunId } from "../../harness/sandbox/run-id.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";
import { runCommand } from "../unit/cli/run-command.ts";
import { bindCase, CASES } from "./cases.ts";
import { driveTwice } from "./drive-twice.ts";

const engine = connectEngine();
const RUNNER = join(import.meta.dirname, "reuse-runner.ts");
/** A run of this machine whose process has another start than the one that has its pid now. */
const DEAD = currentRunId().replace(/\d+$/, "1");
const worlds = new Set<string>();

afterAll(async () => {
  for (const id of worlds) await removeWorld(engine, id).catch(() => []);
});

/** Gives the id of the world that a line such as `docker exec -it landfall-kept-3f2a9c01-pod bash` is of. */
function worldIn(hint: string | null): string {
  const [, id = ""] = /landfall-kept-([0-9a-f]{8})-pod/.exec(hint ?? "") ?? [];
  if (id === "") throw new RangeError(`${hint} is of no kept world`);
  worlds.add(id);
  return id;
}

async function open(reuse: string): Promise<Sandbox & { readonly world: string }> {
  const sandbox = await openSandbox("docker", { ...DEFAULT_SANDBOX_OPTIONS, reuse });
  return Object.assign(sandbox, { world: worldIn(sandbox.shellHint()) });
}

/** Ends with a sandbox as a run does in which nothing went wrong. */
async function rest(sandbox: Sandbox): Promise<void> {
  sandbox.allowReuse();
  await sandbox[Symbol.asyncDispose]();
}

async function startRunner(reuse: string, end: "rest" | "stay") {
  const child = spawn(process.execPath, [RUNNER, reuse, end], { stdio: ["ignore", "pipe", "inherit"] });
  const [hint] = (await once(child.stdout, "data")) as [Buffer];
  if (end === "rest") await once(child, "exit");
  return { world: worldIn(String(hint)), child };
}

async function containersOf(world: string): Promise<readonly string[]> {
  const found = await engine.listContainers({ all: true, filters: { label: [`${WORLD_LABEL}=${world}`] } });
  return found.map(({ Id }) => Id).toSorted();
}

async function podOf(world: string): Promise<string> {
  return (await engine.getContainer(`landfall-kept-${world}-pod`).inspect()).Id;
}

/** Gives the id of the run that made a world. */
async function runOf(world: string): Promise<string> {
  return (await engine.getContainer(await podOf(world)).inspect()).Config.Labels[RUN_LABEL] ?? "";
}

/** Runs a command in a container and waits for its end. */
async function runInside(container: string, ...command: readonly string[]): Promise<void> {
  const exec = await engine.getContainer(container).exec({ Cmd: [...command], AttachStdout: true });
  await once((await exec.start({})).resume(), "end");
}

/** Verifies a pod as nobody else has it twice, first with a wrong expectation: the second run takes up the world of the first. */
async function verifyOtherPod(): Promise<readonly string[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "landfall-reuse-"));
  const report = join(folder.path, "report.json");
  const listen = [10_000 + Math.floor(Math.random() * 50_000)];
  const verify = async (landing: string) => {
    const name = landing.replace(":", "-");
    const path = join(folder.path, `${name}.ts`);
    const answer = { "client -> pod:8080": landing };
    const scenario = { name, claim: "A pod of its own.", capture: ["-i", "*", "-b", "*"], listen, answer };
    await writeFile(path, `export default ${JSON.stringify(scenario)};\n`);
    const { code } = await runCommand("verify", path, "--reuse", "--report", report);
    const { summary } = JSON.parse(await readFile(report, "utf8")) as { readonly summary: { readonly wrong: number } };
    return { code, wrong: summary.wrong };
  };
  const listOwn = async () => (await listWorlds(linkByLibrary(engine))).filter(({ run }) => run === currentRunId());
  const before = new Set((await listOwn()).map(({ id }) => id));
  const added = async () => (await listOwn()).map(({ id }) => id).filter((id) => !before.has(id));
  expect(await verify("app:8080")).toEqual({ code: 1, wrong: 1 });
  const made = await added();
  expect(made).toHaveLength(1);
  for (const id of made) worlds.add(id);
  expect(await verify("envoy-inbound:15006")).toEqual({ code: 0, wrong: 0 });
  expect(await added()).toEqual(made);
  return made;
}

/** Brings the sandbox to a case, drives its flows together, and gives those that landed elsewhere. */
async function driveCase(name: string, sandbox: Sandbox): Promise<readonly string[]> {
  const found = CASES.find((scenario) => scenario.name === name);
  if (found === undefined) throw new RangeError(`there is no case ${name}`);
  const bound = bindCase(found, sandbox.addresses);
  await sandbox.enter(bound.spec);
  await sandbox.install(bound.installation);
  const wanted: readonly Expectation[] = bound.flows.map(({ expected }) => expected);
  const seen = await driveTwice(bound.flows, wanted, sandbox, 16);
  await sandbox.clear();
  return bound.flows
    .filter((_, i) => !meetsExpectation(wanted[i] as Expectation, seen[i]?.landing as Landing))
    .map(({ flow }) => renderFlowText(flow.spec));
}

describe("a world that is kept", () => {
  const text = crypto.randomUUID();
  let world = "";
  let containers: readonly string[] = [];
  beforeAll(async () => {
    world = (await startRunner(text, "rest")).world;
    containers = await containersOf(world);
  });

  test("is taken up by the next run of the same pod, one at a time, without the rules of the run before", async () => {
    const second = await open(text);
    expect([second.world, await containersOf(second.world)]).toEqual([world, containers]);
    expect(containers).toHaveLength(5);
    expect(await driveCase("no-rules", second)).toEqual([]);
    // Nobody else gets it meanwhile, neither for use nor for removal.
    const third = await open(text);
    expect(third.world).not.toBe(world);
    expect(await sweepWorlds(engine, [await runOf(world)])).toEqual({ removed: [], inUse: 1 });
    await rest(third);
    await rest(second);
    // One that somebody has put a rule into since is removed; the other is taken.
    await runInside(await podOf(third.world), "nft", "add", "table", "inet", "left");
    const fourth = await open(text);
    expect([fourth.world, await containersOf(third.world)]).toEqual([world, []]);
    await rest(fourth);
  });

  test("is left alone by what a plain run sweeps, and by verify of another pod, which keeps its own until landfall sweep", async () => {
    await sweepEngine(engine, "dead");
    await sweepEngine(engine, "dead-and-kept", [await runOf(world)]);
    const [made = ""] = await verifyOtherPod();
    expect(await containersOf(world)).toEqual(containers);
    const { code, out } = await runCommand("sweep", "--run", currentRunId());
    expect([code, out.match(new RegExp(`^removed container landfall-kept-${made}-`, "gm"))?.length]).toEqual([0, 5]);
    expect(await containersOf(made)).toEqual([]);
    expect(await containersOf(world)).toEqual(containers);
  });

  test("is removed, and another made, after a run that was killed in the middle", async () => {
    const killed = await startRunner(text, "stay");
    expect(killed.world).toBe(world);
    killed.child.kill("SIGKILL");
    await once(killed.child, "exit");
    const next = await open(text);
    expect(next.world).not.toBe(world);
    expect(await containersOf(world)).toEqual([]);
    expect(await driveCase("no-rules", next)).toEqual([]);
    // Nobody has said that nothing went wrong in this one.
    await next[Symbol.asyncDispose]();
    expect(await containersOf(next.world)).toEqual([]);
  });

  test("keeps its virtual machine, and is not kept once a script has run in it", async () => {
    const ofItsOwn = crypto.randomUUID();
    const seen: string[] = [];
    for (let round = 0; round < 2; round++) {
      const sandbox = await open(ofItsOwn);
      seen.push(sandbox.world);
      expect(await driveCase("kubevirt", sandbox)).toEqual([]);
      expect(await containersOf(sandbox.world)).toHaveLength(6);
      await rest(sandbox);
    }
    const sandbox = await open(ofItsOwn);
    expect(new Set([...seen, sandbox.world]).size).toBe(1);
    await using folder = await mkdtempDisposable(join(tmpdir(), "landfall-reuse-"));
    const path = join(folder.path, "rules.sh");
    await writeFile(path, "true\n");
    await sandbox.install({ kind: "script", path });
    await rest(sandbox);
    expect(await containersOf(sandbox.world)).toEqual([]);
  });

  test("goes where there are more than four, the oldest that is at rest first, and not while its run is still making it", async () => {
    const image = await ensureImage(engine, "pod", () => {});
    const makePod = async (run: string) => {
      const id = crypto.randomUUID().slice(0, 8);
      worlds.add(id);
      const Labels = makeLabels(run, "pod", { id, madeFrom: "test" });
      const HostConfig = { NetworkMode: "none" };
      const container = await engine.createContainer({ Image: image, Cmd: ["sleep", "600"], Labels, HostConfig });
      await container.start();
      return id;
    };
    const own = await makePod(currentRunId());
    const oldest = await makePod(DEAD);
    // The engine tells ages in seconds.
    await sleep(1_100);
    for (let i = 0; i < 4; i++) await makePod(DEAD);
    await limitWorlds(engine);
    expect([(await containersOf(oldest)).length, (await containersOf(own)).length]).toEqual([0, 1]);
  });
});

test.each([
  ["unix:///tmp", "/tmp"],
  ["unix:///nowhere/docker.sock", null],
  ["tcp://127.0.0.1:2375", null],
])("an engine at %s is asked at the socket %s, and else through its library", (named, socket) => {
  expect(findEngineSocket({ DOCKER_HOST: named })).toBe(socket);
});

test("the engine tells the same through its socket and through its library", async () => {
  const socket = findEngineSocket({});
  expect(socket).not.toBeNull();
  const id = crypto.randomUUID();
  const image = await ensureImage(engine, "pod", () => {});
  const options = { Image: image, Cmd: ["sleep", "600"], Labels: { "landfall.link-test": id } };
  const container = await engine.createContainer({ ...options, HostConfig: { NetworkMode: "none" } });
  try {
    await container.start();
    const links = [linkBySocket(socket ?? ""), linkByLibrary(engine)];
    const [bySocket, byLibrary] = await Promise.all(links.map((link) => link.listRunning(`landfall.link-test=${id}`)));
    expect(bySocket).toHaveLength(1);
    expect(bySocket).toEqual(byLibrary);
    for (const link of links) await expect(link.exec("nobody", ["true"])).rejects.toMatchObject({ statusCode: 404 });
  } finally {
    await container.remove({ force: true });
  }
});
