import type Docker from "dockerode";
import { describeError, LandfallError } from "../../errors.ts";
import { imageExists } from "./engine-answers.ts";
import { ENDING, type ImageExtras, type ImageName, imageReference } from "./image-contents.ts";
import { packContext } from "./image-context.ts";
import { ROLE_LABEL } from "./labels.ts";

/**
 * Sees to it that the engine has an image, building it where it has not, and gives its reference. `say` hears of a build. The image `envoy`
 * needs both extras.
 * Throws `environment` with the engine's own words where the build fails.
 */
export async function ensureImage(
  engine: Docker,
  name: ImageName,
  say: (text: string) => void,
  extras: ImageExtras = {},
): Promise<string> {
  const reference = imageReference(name, extras);
  if (!(await imageExists(engine, reference))) {
    say(`building the image ${reference}`);
    await buildImage(engine, name, reference, extras);
  }
  return reference;
}

/**
 * Builds with the network of the host, since Debian's packages come from outside. testcontainers cannot: it has no network mode for
 * builds, and a build that the engine rejects never settles there (12.2).
 */
async function buildImage(engine: Docker, name: ImageName, reference: string, extras: ImageExtras): Promise<void> {
  const output: string[] = [];
  try {
    const stream = await engine.buildImage(packContext(name, extras) as unknown as NodeJS.ReadableStream, {
      t: reference,
      dockerfile: `images/${name}/Dockerfile`,
      buildargs: { MAIN: `main${ENDING}`, ...(extras.base === undefined ? {} : { BASE: extras.base }) },
      labels: { [ROLE_LABEL]: name },
      networkmode: "host",
      forcerm: true,
    });
    await new Promise<void>((resolve, reject) => {
      // A step that fails is an event like any other: the stream itself ends well.
      let failure: string | null = null;
      const onEnd = (error: Error | null) => {
        if (error !== null) reject(error);
        else if (failure === null) resolve();
        else reject(new Error(failure));
      };
      engine.modem.followProgress(stream, onEnd, (event: { stream?: string; error?: string }) => {
        failure ??= event.error ?? null;
        output.push(event.stream ?? "");
      });
    });
  } catch (error) {
    const last = output.join("").trim().split("\n").slice(-5).join("\n  ");
    const why = describeError(error);
    throw new LandfallError(
      "environment",
      `the engine could not build the image ${name} (${why}):\n  ${last}\nFix this, or use another backend: --sandbox netns.`,
      { cause: error },
    );
  }
}
