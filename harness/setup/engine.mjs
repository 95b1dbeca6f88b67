import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { installFor } from "./debian.mjs";
import { askEngine, engineAddress } from "./engine-api.mjs";
import { SetupError, say } from "./say.mjs";

/** The log of an engine that this set-up started. */
const LOG = "/var/log/landfall-dockerd.log";
const START_DEADLINE_MS = 60_000;

/** Starts a container engine where none answers, installing it first where it is missing. A running engine is used as it is. */
export async function ensureEngine() {
  const address = engineAddress();
  if (address === null || (await whyNoAnswer()) === null) return;
  if (process.env["DOCKER_HOST"]) {
    const why = await whyNoAnswer();
    throw new SetupError(
      `DOCKER_HOST is ${process.env["DOCKER_HOST"]}, where no engine answers (${why}). Start that engine, or unset DOCKER_HOST.`,
    );
  }
  if (process.getuid?.() !== 0) throw new SetupError(await describeNoRoot());
  installFor("engine");
  if ((await whyNoAnswer()) === null) return;
  startEngine();
  await awaitAnswer();
}

/** Says why the engine does not answer, or null where it does. */
async function whyNoAnswer() {
  try {
    const { status } = await askEngine("GET", "/_ping", { timeoutMs: 5_000 });
    return status === 200 ? null : `it answers with status ${status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function describeNoRoot() {
  return [
    `no container engine answers (${await whyNoAnswer()}), and only root may install and start one.`,
    "Either run this once as root (sudo npm start), or start an engine that you may use and set DOCKER_HOST,",
    "or do without containers: npm run -s landfall -- verify --sandbox netns",
  ].join("\n  ");
}

/** Starts the engine so that it outlives this process: as the system's own service where there is systemd, else by hand. */
function startEngine() {
  if (existsSync("/run/systemd/system")) {
    say("no engine runs; starting the docker service (systemctl)");
    spawnSync("systemctl", ["start", "docker"], { stdio: ["ignore", 2, 2] });
    return;
  }
  say(`no engine runs; starting dockerd, which stays (log: ${LOG})`);
  const log = openSync(LOG, "a");
  spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log], cwd: "/" })
    .on("error", () => {})
    .unref();
}

async function awaitAnswer() {
  const deadline = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const why = await whyNoAnswer();
    if (why === null) return;
    if (Date.now() > deadline) {
      throw new SetupError(
        `the engine does not answer ${START_DEADLINE_MS / 1000} s after its start (${why}). Its log says why: ${LOG}`,
      );
    }
    await sleep(50);
  }
}
