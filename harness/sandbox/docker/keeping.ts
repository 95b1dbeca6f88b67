import { createHash } from "node:crypto";
import type { NamespaceContents } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";
import type { AgentClient } from "../agents/agent-client.ts";
import type { EngineSource } from "./engine-source.ts";
import type { Hold } from "./hold.ts";
import { limitWorlds, removeWorld } from "./kept-worlds.ts";
import { isEnding } from "./use.ts";

/** A kept world that this process holds. */
export interface HeldWorld {
  readonly engine: EngineSource;
  /** The world's id. */
  readonly id: string;
  readonly hold: Hold;
  /** What was in its pod when it was made, as {@link describeContents} says it. */
  readonly contents: string;
  readonly madeBy: "this-run" | "earlier-run";
}

/**
 * What becomes of a kept world that this process holds once it is done with it: left for a later run, or removed. Throws `environment` and
 * `agent-failed`.
 */
export class Keeping {
  readonly #held: HeldWorld;

  constructor(held: HeldWorld) {
    this.#held = held;
  }

  /**
   * Leaves the world at rest: `letGo` detaches this process from its containers. Rejects where the pod is not as it was when the world was
   * made, where somebody still waits for one of the agents, or where this process is being ended, in the middle of anything.
   */
  async rest(pod: AgentClient, agents: readonly AgentClient[], letGo: () => Promise<void>): Promise<void> {
    const { engine, hold, contents, madeBy } = this.#held;
    const now = describeContents(await pod.call("read-contents", { namespace: null }));
    if (now !== contents) throw new LandfallError("environment", "something is left in the pod.");
    if (isEnding()) throw new LandfallError("environment", "the run is being ended.");
    // At once, with nothing in between: what would be asked of an agent from here on would be the next run's to find.
    const states = agents.map((agent) => agent.retire());
    if (states.includes("busy")) throw new LandfallError("agent-failed", "an agent is still at work.");
    await letGo();
    await hold.rest(contents);
    if (madeBy === "this-run")
      await engine()
        .then(limitWorlds)
        .catch(() => null);
  }

  /** Removes the world. */
  async discard(): Promise<void> {
    await removeWorld(await this.#held.engine(), this.#held.id);
    await this.#held.hold[Symbol.asyncDispose]();
  }
}

/** Gives a word that stands for what is in a namespace; throws `environment` where there is a rule, which no kept world may have. */
export function describeContents({ rules, network }: NamespaceContents): string {
  if (rules !== "") throw new LandfallError("environment", `rules are left in the pod: ${rules}`);
  return createHash("sha256").update(JSON.stringify(network)).digest("hex");
}
