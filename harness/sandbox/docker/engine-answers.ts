import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { describeError, LandfallError } from "../../errors.ts";

/** Says whether the engine has an image of this reference. */
export async function imageExists(engine: Docker, reference: string): Promise<boolean> {
  return (await unlessGone(engine.getImage(reference).inspect())) !== null;
}

/** Gives what a question about a thing gives, or null where the engine answers with one of `statuses`: there is no such thing any more. */
export async function unlessGone<T>(asked: Promise<T>, statuses: readonly number[] = [404]): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}

/** How often it is looked whether a container is still there that is waited for, and how long a wait may go unanswered once it is gone. */
const LOOK_EACH_MS = 1_000;

/**
 * Resolves with the exit status of a container when the engine has removed it; with null where it was gone already, where its status is not
 * told, or `givenUp` is aborted. An engine may leave a wait unanswered for ever whose container goes just as it is asked (seen of Docker
 * 20.10), and the open connection keeps this process from ending: so it is looked whether the container is there.
 */
export async function waitForRemoval(container: Docker.Container, givenUp?: AbortSignal): Promise<number | null> {
  const over = new AbortController();
  const abortSignal = givenUp === undefined ? over.signal : AbortSignal.any([givenUp, over.signal]);
  const told = unlessGone(container.wait({ condition: "removed", abortSignal }));
  told.catch(() => {});
  try {
    const ended = await Promise.race([told, missLong(container, over.signal)]);
    return (ended as { readonly StatusCode: number } | null)?.StatusCode ?? null;
  } catch (error) {
    if (givenUp?.aborted) return null;
    throw error;
  } finally {
    over.abort();
  }
}

/** Resolves when a container has been gone for a while, or nobody waits any more. */
async function missLong(container: Docker.Container, over: AbortSignal): Promise<null> {
  for (let missed = 0; missed < 2 && !over.aborted; ) {
    await sleep(LOOK_EACH_MS, undefined, { signal: over }).catch(() => {});
    missed = over.aborted || (await unlessGone(container.inspect())) === null ? missed + 1 : 0;
  }
  return null;
}

/** Gives the HTTP status of an engine's refusal; null where the failure is of another kind. */
function statusOf(error: unknown): number | null {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : null;
  return typeof status === "number" ? status : null;
}

/**
 * Gives the LandfallError `environment` for something that the engine was asked and did not do; `what` completes "could not …".
 *
 * @example
 * engineFailed("list containers", error).message
 * // "the container engine could not list containers: … landfall doctor reports which backends work here."
 */
export function engineFailed(what: string, error: unknown): LandfallError {
  const came = describeError(error);
  return new LandfallError(
    "environment",
    `the container engine could not ${what}: ${came}. landfall doctor reports which backends work here.`,
    { cause: error },
  );
}
