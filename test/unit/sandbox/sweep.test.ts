import { afterEach, describe, expect, test } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { imageExists, unlessGone } from "../../../harness/sandbox/docker/engine-answers.ts";
import { ensureImage } from "../../../harness/sandbox/docker/image.ts";
import { KEEP_LABEL, RUN_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { type SweepScope, sweepEngine } from "../../../harness/sandbox/docker/sweep.ts";
import { currentRunId } from "../../../harness/sandbox/run-id.ts";

const engine = connectEngine();
/** A run of this machine whose process has another start than the one that has its pid now. */
const DEAD = currentRunId().replace(/\d+$/, "1");
/** How often a network is made that other runs sweep away. */
const ATTEMPTS = 5;
const cleanUp: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo().catch(() => null);
});

async function makeNetwork(labels: Readonly<Record<string, string>>): Promise<string> {
  const network = await engine.createNetwork({ Name: `sweep-test-${crypto.randomUUID()}`, Labels: labels });
  cleanUp.push(() => network.remove());
  return network.id;
}

async function makeContainer(labels: Readonly<Record<string, string>>, network: string): Promise<string> {
  const image = await ensureImage(engine, "pod", () => {});
  const HostConfig = { NetworkMode: network };
  const container = await engine.createContainer({ Image: image, Cmd: ["sleep", "600"], Labels: labels, HostConfig });
  cleanUp.push(() => container.remove({ force: true }));
  await container.start();
  return container.id;
}

/**
 * Makes a network of a dead run and a container on it. Until the container is there another run may sweep the network away: then it is
 * made again.
 */
async function makeDeadNetwork(labels: Readonly<Record<string, string>>): Promise<readonly [string, string]> {
  for (let attempt = 1; ; attempt++) {
    const network = await makeNetwork({ [RUN_LABEL]: DEAD });
    try {
      return [network, await makeContainer(labels, network)];
    } catch (error) {
      const isSwept = (await unlessGone(engine.getNetwork(network).inspect())) === null;
      if (!isSwept || attempt === ATTEMPTS) throw error;
    }
  }
}

/**
 * Sweeps, and gives which of these things are still there. It may have been another run that has swept them meanwhile: every run does
 * so when it starts.
 */
async function leftAfterSweep(ids: readonly string[], scope: SweepScope): Promise<readonly string[]> {
  await sweepEngine(engine, scope);
  const found = await Promise.all(
    ids.map(async (id) => {
      const asked = [engine.getNetwork(id).inspect(), engine.getContainer(id).inspect()];
      return (await Promise.all(asked.map((one) => unlessGone<unknown>(one)))).some((answer) => answer !== null);
    }),
  );
  return ids.filter((_, i) => found[i]);
}

describe("a sweep", () => {
  test("removes a dead run's network with the container that is still on it", async () => {
    const [network, container] = await makeDeadNetwork({ [RUN_LABEL]: DEAD });
    expect(await leftAfterSweep([network, container], "dead")).toEqual([]);
  });
  test("leaves a network to the next sweep while a foreign container is connected to it", async () => {
    const [network, container] = await makeDeadNetwork({});
    expect(await leftAfterSweep([network, container], "dead")).toEqual([network, container]);
    await engine.getContainer(container).remove({ force: true });
    expect(await leftAfterSweep([network], "dead")).toEqual([]);
  });
  test("leaves alone what a living run uses, what belongs to no run, and what has no label of landfall", async () => {
    const ids = [
      await makeNetwork({ [RUN_LABEL]: currentRunId() }),
      await makeNetwork({ [RUN_LABEL]: "somebody-else" }),
      await makeNetwork({ other: DEAD }),
    ];
    expect(await leftAfterSweep(ids, "dead")).toEqual(ids);
  });
  test("of named runs leaves alone what other runs have left", async () => {
    const id = await makeNetwork({ [RUN_LABEL]: DEAD, [KEEP_LABEL]: "1" });
    expect(await sweepEngine(engine, "dead-and-kept", [DEAD.replace(/1$/, "2")])).toEqual([]);
    await engine.getNetwork(id).inspect();
  });
  test("removes what a person asked to keep only if it is told to, and lists it", async () => {
    const id = await makeNetwork({ [RUN_LABEL]: DEAD, [KEEP_LABEL]: "1" });
    expect(await leftAfterSweep([id], "dead")).toEqual([id]);
    const removed = await sweepEngine(engine, "dead-and-kept", [DEAD]);
    expect(removed).toContainEqual({
      kind: "network",
      id,
      name: expect.stringMatching(/^sweep-test-/),
      run: DEAD,
    });
    expect(await sweepEngine(engine, "dead-and-kept", [DEAD])).toEqual([]);
  });
});

test("an image that was never built does not exist", async () => {
  expect(await imageExists(engine, "landfall/pod:0000000000000000")).toBe(false);
});
