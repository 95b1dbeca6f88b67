import { watch } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LandfallError } from "../../errors.ts";
import { isScenarioFile } from "../../run/scenario/scenario-files.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandIo } from "../command.ts";
import { takeInterrupt } from "../interruption.ts";
import { renderError } from "../output/error-text.ts";
import type { VerifyOptions } from "./options.ts";
import { openVerifySandbox } from "./sandbox.ts";
import { findScenarioFiles } from "./scenarios.ts";

/** Verifies once, in the sandbox that `open` gives; `again`: the scenarios may have changed since they were read. */
export type VerifyOnce = (
  options: VerifyOptions,
  io: CommandIo,
  open: () => Promise<Sandbox>,
  reading: "again",
) => Promise<number>;

/**
 * Verifies again whenever a scenario file in the scenarios' folders or a file of rules changes, in one sandbox that stays up, until it is
 * interrupted. Bad input is told and waited out.
 */
export async function watchScenarios(options: VerifyOptions, io: CommandIo, verifyOnce: VerifyOnce): Promise<number> {
  await using sandbox = await openVerifySandbox(options, io, "many-scenarios");
  using changes = watchFiles(options, io);
  for (;;) {
    if (io.display.isTerminal) io.out("\u001b[2J\u001b[H", "styled");
    await verifyOnce(options, io, async () => lend(sandbox), "again").catch((error) => tellFault(error, io));
    io.err("landfall: waiting for a change\n");
    if ((await changes.next()) === "interrupted") return 0;
  }
}

/** Gives a sandbox whose user cannot end it. */
function lend(sandbox: Sandbox): Sandbox {
  return new Proxy(sandbox, {
    get: (target, name) => {
      if (name === Symbol.asyncDispose) return async () => {};
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function tellFault(error: unknown, io: CommandIo): void {
  if (!(error instanceof LandfallError) || error.code === "internal") throw error;
  io.err(renderError(error));
}

/** Editors write a file in several steps; changes that come together count as one. */
const SETTLED_AFTER_MS = 50;

/** Waits for changes until it is disposed of. */
interface Changes extends Disposable {
  readonly next: () => Promise<"changed" | "interrupted">;
}

function watchFiles(options: VerifyOptions, io: CommandIo): Changes {
  const { files, script } = options.rules;
  const scenarios = findScenarioFiles(options, io).map((path) => resolve(path));
  const rules = [...files.map(({ path }) => path), script].flatMap((path) =>
    path === null || path === "-" ? [] : [resolve(path)],
  );
  let hasChanged = false;
  let wake = () => {};
  let timer: NodeJS.Timeout | undefined;
  const folders = new Set([...scenarios, ...rules].map((file) => dirname(file)));
  const watchers = [...folders].map((folder) =>
    watch(folder, (_, name) => {
      // The log of this run may lie beside what is watched, and must not start the next one. A new scenario must.
      const isNews = name === null || rules.includes(join(folder, name)) || isOneOf(scenarios, folder, name);
      if (!isNews) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        hasChanged = true;
        wake();
      }, SETTLED_AFTER_MS);
    }),
  );
  return {
    // A signal ends the waiting in good order; while a round is on it ends the command as it ends any run.
    next: async () => {
      const woken = Promise.withResolvers<"changed" | "interrupted">();
      wake = () => woken.resolve("changed");
      if (hasChanged) wake();
      using _interrupt = takeInterrupt(() => woken.resolve("interrupted"));
      const reason = await woken.promise;
      hasChanged = false;
      return reason;
    },
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function isOneOf(scenarios: readonly string[], folder: string, name: string): boolean {
  return isScenarioFile(name) && scenarios.some((path) => dirname(path) === folder);
}
