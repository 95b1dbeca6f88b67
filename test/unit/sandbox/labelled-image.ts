import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { pack } from "tar-stream";

/** Gives a tag like those that landfall makes, and of no version of it. */
export function makeTag(): string {
  return randomBytes(8).toString("hex");
}

/** Makes an image of nothing but labels under a reference. */
export async function buildLabelledImage(
  engine: Docker,
  reference: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const context = pack();
  context.entry({ name: "Dockerfile" }, `FROM debian:bookworm-slim\nLABEL made=${crypto.randomUUID()}\n`);
  context.finalize();
  const stream = await engine.buildImage(context as unknown as NodeJS.ReadableStream, { t: reference, labels });
  await new Promise<void>((resolve, reject) =>
    engine.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}
