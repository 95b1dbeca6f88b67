import { type Duplex, PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { LandfallError } from "../../errors.ts";
import { unlessGone } from "./engine-answers.ts";
import type { EngineLink } from "./engine-link.ts";
import { splitFrames } from "./frames.ts";

/** How long the engine may take to start the process that holds a world. */
const HOLD_TIMEOUT_MS = 10_000;

/**
 * Takes the lock of a world's pod, says what the mark of a world at rest says and removes it, and waits. `rest` on its stdin puts a new
 * mark there; the end of its stdin ends it without one. Whoever is killed is one whose stdin ends: the engine sees to that.
 */
const HOLDER = `
mark=/run/landfall-resting
if [ -s $mark ]; then read -r was <$mark; rm -f $mark; fi
echo "held $was"
read -r word next && [ "$word" = rest ] && echo "$next" >$mark.new && mv $mark.new $mark && echo rests
`;
const COMMAND = ["flock", "--nonblock", "/run/landfall-lock", "sh", "-c", HOLDER];

/** The right to use a kept world, which one run at a time has, whatever machine or container it runs in; it ends with its holder. */
export interface Hold extends AsyncDisposable {
  /** What the run before left word of as it brought the world to rest; null where no run has, or the last one was killed. */
  readonly was: string | null;
  /** Gives the world back, at rest, with a word for the next run. Rejects where it cannot be left. */
  rest(word: string): Promise<void>;
}

/**
 * Takes hold of the world that a container, its pod, belongs to; null where another run has it, the container does not run,
 * or the engine does not answer in time. Give it back by `rest`, or by disposing of it: then nobody takes the world for one at rest.
 * Rejects with the engine's refusal, and its `rest` with `environment`.
 */
export async function holdWorld(link: Pick<EngineLink, "exec">, pod: string): Promise<Hold | null> {
  const stream = await startHolder(link, pod);
  if (stream === null) return null;
  const said = new PassThrough();
  splitFrames(stream, said, new PassThrough().resume());
  const lines = new SaidLines(said);
  const first = await lines.next(HOLD_TIMEOUT_MS);
  const end = async () => void stream.destroy();
  if (first === null || !first.startsWith("held")) {
    await end();
    return null;
  }
  return {
    was: first.slice("held".length).trim() || null,
    rest: async (word) => {
      stream.write(`rest ${word}\n`);
      const answer = await lines.next(HOLD_TIMEOUT_MS);
      await end();
      if (answer !== "rests") throw new LandfallError("environment", "the process that holds the world has ended.");
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Gives null where the container does not run, or the engine, or what stands before it, gives no connection in time. */
async function startHolder(link: Pick<EngineLink, "exec">, pod: string): Promise<Duplex | null> {
  const over = new AbortController();
  const starting = unlessGone(link.exec(pod, COMMAND), [404, 409]);
  const late = sleep(HOLD_TIMEOUT_MS, "late" as const, { signal: over.signal });
  late.catch(() => {});
  try {
    const started = await Promise.race([starting, late]);
    if (started !== "late") return started;
    starting.then((stream) => stream?.destroy()).catch(() => {});
    return null;
  } finally {
    over.abort();
  }
}

/** The lines that a process says, one at a time. */
class SaidLines {
  readonly #said: PassThrough;
  #text = "";
  #isOver = false;
  #wake = () => {};

  constructor(said: PassThrough) {
    this.#said = said;
    said.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
      this.#wake();
    });
    said.on("error", () => {});
    said.on("end", () => {
      this.#isOver = true;
      this.#wake();
    });
  }

  /** Gives the next line; null where there is none any more, or not in time. */
  async next(timeoutMs: number): Promise<string | null> {
    const timer = setTimeout(() => this.#said.end(), timeoutMs);
    while (!this.#text.includes("\n") && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    clearTimeout(timer);
    const [line = "", ...rest] = this.#text.split("\n");
    if (rest.length === 0) return null;
    this.#text = rest.join("\n");
    return line;
  }
}
