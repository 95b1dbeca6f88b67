import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { connectEngine } from "../../../harness/sandbox/docker/engine.ts";
import { KEEP_LABEL, ROLE_LABEL, RUN_LABEL } from "../../../harness/sandbox/docker/labels.ts";
import { currentRunId } from "../../../harness/sandbox/run-id.ts";
import { buildLabelledImage, makeTag } from "../sandbox/labelled-image.ts";
import { GuardedEngine } from "./guarded-engine.ts";
import { runCommand } from "./run-command.ts";

/** A run of this machine whose process has another start than the one that has its pid now. */
const DEAD = currentRunId().replace(/\d+$/, "1");

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Makes a network as a dead run would have left it for a person; no run takes it when it starts. */
async function leaveNetwork(name: string): Promise<string> {
  const { id } = await connectEngine().createNetwork({ Name: name, Labels: { [RUN_LABEL]: DEAD, [KEEP_LABEL]: "1" } });
  return id;
}

describe("landfall sweep", () => {
  test("removes what a dead run left, and lists it as JSON", async () => {
    const name = `cli-sweep-${crypto.randomUUID()}`;
    const id = await leaveNetwork(name);
    const { code, out } = await runCommand("sweep", "--run", DEAD, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).removed).toContainEqual({ kind: "network", id, name, run: DEAD });
  });
  test("lists it as text", async () => {
    const name = `cli-sweep-${crypto.randomUUID()}`;
    await leaveNetwork(name);
    expect((await runCommand("sweep", "--run", DEAD)).out).toContain(`removed network ${name} (run ${DEAD})\n`);
  });
  test("refuses unknown arguments, and removes nothing", async () => {
    const { code, err } = await runCommand("sweep", "zzz");
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("  zzz: ") });
  });
  test("ends with 3 if no engine answers", async () => {
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");
    const { code, out, err } = await runCommand("sweep");
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toMatch(/no container engine answers .*landfall doctor/);
  });

  describe("of an image of another version", () => {
    const engine = connectEngine();
    const reference = `landfall/pod:${makeTag()}`;
    beforeAll(() => buildLabelledImage(engine, reference, { [ROLE_LABEL]: "pod" }));
    afterAll(() => engine.getImage(reference).remove());

    /** Sweeps where nothing can be removed, and gives whether it was to be, with what was said. */
    async function sweepGuarded(...words: readonly string[]) {
      await using guarded = new GuardedEngine();
      vi.stubEnv("DOCKER_HOST", await guarded.start());
      const { code, err: said } = await runCommand("sweep", ...words);
      // Worlds that other tests keep, or somebody who works on this machine.
      const err = said.replace(/^landfall: \d+ worlds? that verify --reuse keeps .*\n/m, "");
      const images = guarded.removals.filter((path) => path.includes("/images/"));
      return { code, err, images, isMeant: images.some((path) => path.endsWith(`/images/${reference}`)) };
    }

    test("leaves it alone, and names the option that removes it", async () => {
      const { code, err, images } = await sweepGuarded();
      expect(err).toMatch(/^landfall: \d+ image tags? that this version .*; landfall sweep --images removes \w+\.\n$/);
      expect({ code, images }).toEqual({ code: 0, images: [] });
    });
    test("does not mention it if it sweeps after named runs", async () => {
      expect(await sweepGuarded("--run", DEAD)).toMatchObject({ code: 0, err: "", images: [] });
    });
    test("removes it with --images", async () => {
      expect(await sweepGuarded("--images")).toMatchObject({ code: 0, err: "", isMeant: true });
    });
    test("refuses --images together with --run, because no image belongs to a run", async () => {
      const { code, err, images } = await sweepGuarded("--images", "--run", DEAD);
      expect({ code, err, images }).toEqual({ code: 2, err: expect.stringContaining("  --images: "), images: [] });
    });
  });
});
