import type { Readable, Writable } from "node:stream";
import type { AgentFault, CallName, CallParams, CallResult, EventLine, ReplyLine, Seen } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";

/** The standard streams of a running agent. */
export interface AgentStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

interface Pending {
  readonly call: CallName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: LandfallError) => void;
  deadline: NodeJS.Timeout;
}

/** How long an agent may take for a call that does not itself wait for anything. */
const CALL_TIMEOUT_MS = 20_000;

/** How much longer a call that is overdue waits for a reply to be read: it came in time if this process was busy meanwhile. */
const GRACE_MS = 200;

/** How much of the agent's last words is kept for the error that tells of its end. */
const LAST_WORDS_CHARACTERS = 2_000;

/** How many lines of its journal are kept: several for each flow of a scenario. */
const JOURNAL_LINES = 5_000;

/**
 * The near end of the control protocol: calls go out as lines, replies come back in any order, `seen` events are kept by token.
 * Once the agent has ended, every call still open and every later one fails with `agent-failed` and the agent's last words.
 */
export class AgentClient implements AsyncDisposable {
  readonly name: string;
  /** Given each line of the access log of an Envoy that this agent has started. */
  onLogged: (lines: readonly string[]) => void = () => {};
  readonly #stdin: Writable;
  readonly #pending = new Map<number, Pending>();
  readonly #seen = new Map<string, Seen[]>();
  readonly #ended: Promise<void>;
  #journal: string[] = [];
  #lastId = 0;
  #lastWords = "";
  #end: LandfallError | null = null;

  /** `name` is what errors call this agent: `the pod`. */
  constructor(name: string, { stdin, stdout, stderr }: AgentStreams) {
    this.name = name;
    this.#stdin = stdin;
    stdin.on("error", () => {});
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS_CHARACTERS);
    });
    const saidAll = new Promise<void>((resolve) => stderr.once("close", resolve).once("end", resolve));
    this.#ended = this.#read(stdout, saidAll);
  }

  /**
   * Makes one call. Throws the agent's fault as a LandfallError of the same code, or `agent-failed` where the agent is gone or does not
   * reply in time; such an agent is given up: its stdin ends, and every other call fails too.
   */
  call<N extends CallName>(
    call: N,
    params: CallParams<N>,
    timeoutMs = CALL_TIMEOUT_MS + ownTimeoutMs(params),
  ): Promise<CallResult<N>> {
    if (this.#end) return Promise.reject(this.#end);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const giveUp = () => this.#giveUp(`did not reply to ${call} within ${timeoutMs} ms`);
      const deadline = setTimeout(() => {
        pending.deadline = setTimeout(giveUp, GRACE_MS);
      }, timeoutMs);
      const pending: Pending = { call, resolve: (result) => resolve(result as CallResult<N>), reject, deadline };
      this.#pending.set(id, pending);
      const line = JSON.stringify({ id, call, params });
      if (call === "dial") this.#note(line);
      this.#stdin.write(`${line}\n`);
    });
  }

  /**
   * Gives what the agent was asked to dial and what it said since the last `forgetJournal`, the newest lines of it: results of flows,
   * records of its listeners, faults, and its words on stderr. A line each, JSON as on the wire.
   */
  get journal(): readonly string[] {
    return this.#lastWords === "" ? this.#journal : [...this.#journal, `stderr: ${this.#lastWords.trimEnd()}`];
  }

  /** Begins the journal anew. */
  forgetJournal(): void {
    this.#journal = [];
  }

  /** Gives the listeners' records of a flow so far. They are all there once a `sync` has replied. */
  seen(token: string): readonly Seen[] {
    return this.#seen.get(token) ?? [];
  }

  /** Drops the records of a flow. */
  forget(token: string): void {
    this.#seen.delete(token);
  }

  /** Lets go of the agent, which goes on: every later call fails. `busy`: it is gone, or a call still waited for its reply. */
  retire(): "idle" | "busy" {
    const state = this.#pending.size === 0 && this.#end === null ? "idle" : "busy";
    this.#giveUp("is let go of");
    return state;
  }

  /** Ends the agent by ending its stdin, and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stdin.end();
    await this.#ended;
  }

  async #read(stdout: Readable, saidAll: Promise<void>): Promise<void> {
    let cause: unknown;
    try {
      let rest = "";
      for await (const text of stdout.setEncoding("utf8")) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#take(JSON.parse(line), line);
      }
    } catch (error) {
      cause = error;
    }
    await saidAll;
    this.#fail(cause);
  }

  #take(line: ReplyLine | EventLine, text: string): void {
    if ("event" in line) {
      this.#note(text);
      if (line.event === "logged") this.onLogged(line.lines);
      else for (const record of line.records) this.#keep(record);
      return;
    }
    const pending = this.#pending.get(line.id);
    if (!line.ok || pending?.call === "dial") this.#note(text);
    this.#pending.delete(line.id);
    clearTimeout(pending?.deadline);
    if (line.ok) pending?.resolve(line.result);
    else pending?.reject(faultError(line.error));
  }

  #note(line: string): void {
    this.#journal.push(line);
    if (this.#journal.length > JOURNAL_LINES) this.#journal.shift();
  }

  #keep(record: Seen): void {
    const records = this.#seen.get(record.token);
    if (records) records.push(record);
    else this.#seen.set(record.token, [record]);
  }

  #fail(cause: unknown): void {
    const words = nameCause(this.#lastWords);
    this.#giveUp(`has ended${words ? `, saying: ${words}` : " without a message"}`, cause);
  }

  /** Only the first reason counts: what follows is its consequence. */
  #giveUp(reason: string, cause?: unknown): void {
    const message = `the sandbox agent of ${this.name} ${reason}. Run it again; landfall doctor reports which backends work.`;
    this.#end ??= new LandfallError("agent-failed", message, cause === undefined ? {} : { cause });
    this.#stdin.end();
    for (const { reject, deadline } of this.#pending.values()) {
      clearTimeout(deadline);
      reject(this.#end);
    }
    this.#pending.clear();
  }
}

/** A command may take its own time beside the agent's. */
function ownTimeoutMs(params: CallParams<CallName>): number {
  return "timeoutMs" in params ? params.timeoutMs : 0;
}

function faultError({ code, message }: AgentFault): LandfallError {
  return new LandfallError(code, message);
}

/** An agent that crashes prints where; the reader of an error wants to know why. */
function nameCause(lastWords: string): string {
  return /^(?:Uncaught )?(?:\w*Error\b.*)$/m.exec(lastWords)?.[0] ?? lastWords.trim();
}

/** Waits until each agent has told all that its listeners saw. Gives why one cannot tell; null where all have. */
export async function syncAgents(agents: readonly AgentClient[]): Promise<string | null> {
  const ends = await Promise.allSettled(agents.map((agent) => agent.call("sync", {})));
  const failure = ends.find((end) => end.status === "rejected");
  return failure ? (failure.reason as Error).message : null;
}
