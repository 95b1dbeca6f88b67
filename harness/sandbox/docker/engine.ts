import Docker from "dockerode";
import { describeError, LandfallError } from "../../errors.ts";

/** How long an engine may take to say that it is there. */
const PING_TIMEOUT_MS = 5_000;

/**
 * Gives a client of the container engine that DOCKER_HOST names, or of the one at the default socket; asks it nothing yet. Throws
 * `environment`, as an {@link EngineAddressError}, where DOCKER_HOST is not an address, or one over ssh, or where the certificates of
 * DOCKER_CERT_PATH cannot be read.
 */
export function connectEngine(): Docker {
  const named = process.env["DOCKER_HOST"] ?? "";
  if (named.startsWith("ssh:")) throw new EngineAddressError("landfall does not support engines over ssh", OVER_SSH);
  try {
    return new Docker();
  } catch (error) {
    const isAddress = !named.includes("//") || URL.canParse(named);
    if (isAddress) throw new EngineAddressError(describeError(error), "Check DOCKER_CERT_PATH, or unset it.", error);
    throw new EngineAddressError(
      "it is not an address",
      "Write unix:///var/run/docker.sock or tcp://HOST:PORT, or unset it.",
      error,
    );
  }
}

const OVER_SSH =
  "Forward the engine's socket (ssh -L /tmp/docker.sock:/var/run/docker.sock HOST) and name unix:///tmp/docker.sock.";

/** Tells that what DOCKER_HOST or DOCKER_CERT_PATH says cannot be used. */
export class EngineAddressError extends LandfallError {
  readonly why: string;
  readonly remedy: string;

  constructor(why: string, remedy: string, cause?: unknown) {
    const what = `engine that DOCKER_HOST="${process.env["DOCKER_HOST"]}" names cannot be used: ${why}.`;
    super("environment", `the ${what} ${remedy}`, cause === undefined ? {} : { cause });
    this.why = `The ${what}`;
    this.remedy = remedy;
  }
}

/** What an engine that does not answer left: its words, and the system's name for the failure where it has one, such as EACCES. */
export interface EngineSilence {
  readonly why: string;
  readonly errno: string | null;
}

/**
 * Says why no engine answers, in its own words; null where one does. An engine that takes the connection and says nothing is given up, with
 * the connection: left open it would keep this process from ending.
 */
export async function whyNoEngine(engine: Docker, timeoutMs = PING_TIMEOUT_MS): Promise<EngineSilence | null> {
  const ping: (options: { readonly abortSignal: AbortSignal }) => Promise<unknown> = engine.ping.bind(engine);
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    await ping({ abortSignal: deadline });
    return null;
  } catch (error) {
    if (deadline.aborted) return { why: `it did not answer within ${timeoutMs / 1000} s`, errno: null };
    return { why: describeError(error), errno: errnoOf(error) };
  }
}

function errnoOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Gives a client of an engine that answers; throws `environment` with the engine's words where none does. */
export async function reachEngine(): Promise<Docker> {
  const engine = connectEngine();
  const silence = await whyNoEngine(engine);
  if (silence === null) return engine;
  throw new LandfallError(
    "environment",
    `no container engine answers (${silence.why}). landfall doctor says how to fix this.`,
  );
}
