import { describe, expect, test } from "vitest";
import { parseScenario } from "../../../harness/run/scenario/parsed-scenario.ts";
import { runScenario } from "../../../harness/run/scenario-run.ts";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { RUN_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../../harness/sandbox/open-sandbox.ts";
import { currentRunId } from "../../../harness/sandbox/run-id.ts";
import seed from "../../../scenarios/seed.ts";

const engine = connectEngine();

async function landSeed(rights: "capabilities" | "privileged"): Promise<void> {
  const parsed = parseScenario(seed, "seed");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.findings));
  await using sandbox = await openSandbox("docker", {
    ...DEFAULT_SANDBOX_OPTIONS,
    rights,
    captureBy: "init-container",
  });
  const { flows } = (await runScenario(parsed.value, sandbox)).report;
  expect(flows.filter(({ verdict }) => verdict !== "pass").map(({ flow }) => flow)).toEqual([]);
  expect(flows).toHaveLength(19);
  const [, , , name = ""] = (sandbox.shellHint() ?? "").split(" ");
  const { HostConfig } = await engine.getContainer(name).inspect();
  expect(HostConfig.Privileged).toBe(rights === "privileged");
  expect(await readCapabilities(name)).toEqual(rights === "privileged" ? ["CAP_SYS_ADMIN"] : []);
}

/** Some engines cannot: their own rights do not reach that far. */
async function canRunPrivileged(): Promise<boolean> {
  const container = await engine.createContainer({
    Image: "debian:bookworm-slim",
    Cmd: ["true"],
    HostConfig: { Privileged: true },
  });
  try {
    await container.start();
    return true;
  } catch {
    return false;
  } finally {
    await container.remove({ force: true });
  }
}

describe("a pod of containers", () => {
  test("has the least rights by default, and lands every flow of the seed as demanded", () => landSeed("capabilities"));

  test("that is privileged does the same; if the engine cannot do it, the error says so and nothing is left", async () => {
    if (await canRunPrivileged()) return landSeed("privileged");
    await expect(landSeed("privileged")).rejects.toMatchObject({
      code: "environment",
      message: expect.stringMatching(
        /could not start the container of .*privileged; without --privileged it needs fewer/,
      ),
    });
    const filters = { label: [`${RUN_LABEL}=${currentRunId()}`] };
    expect(await engine.listContainers({ all: true, filters })).toEqual([]);
    expect(await engine.listNetworks({ filters })).toEqual([]);
  });
});

/** Says which of the rights that only a privileged container has the container's first process really has. */
async function readCapabilities(name: string): Promise<readonly string[]> {
  const exec = await engine.getContainer(name).exec({ Cmd: ["cat", "/proc/1/status"], AttachStdout: true, Tty: true });
  let text = "";
  for await (const part of await exec.start({ Tty: true })) text += part;
  const effective = BigInt(`0x${/CapEff:\s*(\w+)/.exec(text)?.[1] ?? "0"}`);
  const SYS_ADMIN = 21n;
  return (effective >> SYS_ADMIN) & 1n ? ["CAP_SYS_ADMIN"] : [];
}
