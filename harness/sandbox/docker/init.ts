import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { LandfallError } from "../../errors.ts";
import { engineFailed, waitForRemoval } from "./engine-answers.ts";
import { makeLabels } from "./labels.ts";
import { noteContainers } from "./use.ts";

/** A container that runs once in the network namespace of another and ends. */
export interface InitPlan {
  readonly image: string;
  readonly run: string;
  /** The container whose network namespace it joins. */
  readonly pod: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly rights: "capabilities" | "privileged";
}

/** What the init container of a mesh pod has, and all it needs: NET_ADMIN for rules and routes, NET_RAW for iptables' raw socket. */
const INIT_CAPABILITIES = ["NET_ADMIN", "NET_RAW"];

/**
 * Runs an init container to its end, as a pod's are run before its other containers: every capability dropped but NET_ADMIN and NET_RAW.
 * Throws `rules-refused` with what it said where its status is not 0, `environment` where the engine cannot run it.
 */
export async function runInitContainer(engine: Docker, plan: InitPlan): Promise<void> {
  const { status, said } = await runOnce(engine, plan).catch((error) => {
    throw engineFailed(`run the init container ${plan.image}`, error);
  });
  if (status === 0) return;
  const command = [plan.image, ...plan.args].join(" ");
  throw new LandfallError("rules-refused", `the init container ${command} ended with status ${status}: ${said}`);
}

async function runOnce(engine: Docker, plan: InitPlan): Promise<{ readonly status: number; readonly said: string }> {
  noteContainers();
  const container = await engine.createContainer({
    Image: plan.image,
    Cmd: [...plan.args],
    Env: Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    Labels: makeLabels(plan.run, "init", "run"),
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: `container:${plan.pod}`,
      AutoRemove: true,
      LogConfig: { Type: "none", Config: {} },
      ...(plan.rights === "privileged" ? { Privileged: true } : { CapDrop: ["ALL"], CapAdd: INIT_CAPABILITIES }),
    },
  });
  const output = new PassThrough();
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  engine.modem.demuxStream(stream, new PassThrough().resume(), output);
  stream.on("close", () => output.end());
  const said = text(output);
  const removed = waitForRemoval(container);
  await container.start();
  const status = await removed;
  if (status === null) throw new Error("it was removed before the engine told its exit status");
  return { status, said: (await said).trim() };
}
