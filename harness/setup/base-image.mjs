import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installFor } from "./debian.mjs";
import { askEngine, engineAddress } from "./engine-api.mjs";
import { SetupError, say } from "./say.mjs";

const NAME = "debian";
const SUITE = "bookworm";
const TAG = `${SUITE}-slim`;
/**
 * What is pulled, whatever the tag means by then: the image index that the official images had for debian:bookworm-slim in August 2026
 * (docker-library/repo-info, repos/debian/remote/bookworm-slim.md). Packages installed on top come from Debian's current archive.
 */
const DIGEST = "sha256:abd67ffcfa541b485a3dff59865ab629aa048a6c613e639d36e7456b0b229241";
/** How long a pull may be silent before the image is made here. */
const PULL_SILENCE_MS = 15_000;
const IMPORT_SILENCE_MS = 120_000;

/** Sees to it that the engine has debian:bookworm-slim: pulled, or made here with debootstrap where no registry answers. */
export async function ensureBaseImage() {
  if (engineAddress() === null || (await hasImage())) return;
  say(`pulling ${NAME}:${TAG} (${DIGEST})`);
  const why = await whyNoPull();
  if (why === null) return;
  say(`${NAME}:${TAG} cannot be pulled (${why}); making it here with debootstrap, about half a minute`);
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      `only root can make ${NAME}:${TAG}. Run this once as root, or: docker pull ${NAME}@${DIGEST} && docker tag ${NAME}@${DIGEST} ${NAME}:${TAG}`,
    );
  }
  installFor("base-image");
  await makeImage();
}

async function hasImage() {
  const { status } = await askEngine("GET", `/images/${NAME}:${TAG}/json`, { timeoutMs: 10_000 });
  return status === 200;
}

/**
 * Pulls by digest, so that the engine refuses any other content, and names the image by its tag; says why it did not work, or null. A failing
 * pull answers 200 too: its error stands in the last line.
 */
async function whyNoPull() {
  try {
    const { text } = await askEngine("POST", `/images/create?fromImage=${NAME}&tag=${DIGEST}`, {
      timeoutMs: PULL_SILENCE_MS,
    });
    await askEngine("POST", `/images/${NAME}@${DIGEST}/tag?repo=${NAME}&tag=${TAG}`, { timeoutMs: 10_000 });
    return (await hasImage()) ? null : describeRefusal(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Gives the engine's own words out of an answer that is one JSON object, or one a line.
 * @param {string} text
 * @returns {string}
 */
function describeRefusal(text) {
  const last = text.trim().split("\n").at(-1) ?? "";
  try {
    const { message, error } = JSON.parse(last);
    return message ?? error ?? last;
  } catch {
    return last;
  }
}

async function makeImage() {
  const folder = mkdtempSync("/var/tmp/landfall-base-");
  try {
    const tree = join(folder, "root");
    debootstrap(tree);
    await importTree(tree);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Lays a minimal Debian out in a folder. It mounts /proc there: in a mount namespace of its own, which ends with it, however it ends.
 * @param {string} tree
 */
function debootstrap(tree) {
  const words = ["--mount", "--", "debootstrap", "--variant=minbase", SUITE, tree];
  const { status, stdout, error } = spawnSync("unshare", words, { encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status === 0) return;
  const came = error?.message ?? stdout.trim().split("\n").slice(-3).join(" · ");
  throw new SetupError(
    `debootstrap failed: ${came}. Fix this, or give the engine the image yourself: docker pull ${NAME}@${DIGEST} && docker tag ${NAME}@${DIGEST} ${NAME}:${TAG}`,
  );
}

/**
 * Hands a folder to the engine as the image, less what apt has downloaded.
 * @param {string} tree
 */
async function importTree(tree) {
  const without = ["./var/cache/apt/archives/*.deb", "./var/lib/apt/lists/*", "./dev/*"];
  const tar = spawn("tar", ["-C", tree, ...without.map((path) => `--exclude=${path}`), "-cf", "-", "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(tar, "exit");
  const label = encodeURIComponent("LABEL landfall.role=base");
  const { status, text } = await askEngine(
    "POST",
    `/images/create?fromSrc=-&repo=${NAME}&tag=${TAG}&changes=${label}`,
    { timeoutMs: IMPORT_SILENCE_MS, body: tar.stdout },
  );
  const [code] = await ended;
  if (status === 200 && code === 0 && (await hasImage())) return;
  throw new SetupError(
    `the engine did not take the base image (tar ${code}, status ${status}): ${text.slice(0, 300)}. Look at its log and start again.`,
  );
}
