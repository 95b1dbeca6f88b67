import { once } from "node:events";
import { backendOf } from "../../model/backends.ts";
import type { ScenarioReport } from "../../model/report.ts";
import { describeLanding } from "../../report/landing-phrase.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandIo } from "../command.ts";
import { takeInterrupt } from "../interruption.ts";
import type { VerifyOptions } from "./options.ts";

/**
 * Lets a person look at a pod while its rules are in: with `--keep` always, with `--pause-on-fail` where a flow landed wrong. Containers
 * outlive this process, network namespaces do not: there it waits for Enter, or for an interrupt.
 */
export async function lookAtPod(
  report: ScenarioReport,
  sandbox: Sandbox,
  { afterwards, onWrong }: VerifyOptions,
  io: CommandIo,
): Promise<"clear" | "keep"> {
  const wrong = report.flows.filter(({ verdict }) => verdict === "wrong");
  if (afterwards !== "keep" && !(onWrong === "pause" && wrong.length > 0)) return "clear";
  const { backend } = sandbox;
  const outlives = backendOf(backend).pod === "outlives-process";
  for (const { flow, observed, expected } of wrong)
    io.err(`landfall: ${flow} landed on ${describeLanding(observed)}; expected ${describeLanding(expected)}\n`);
  if (afterwards === "keep" && !outlives && !process.stdin.isTTY) {
    io.err(
      `landfall: the pod of ${report.name} is not kept: with ${backend} it lasts until you press Enter, and standard input is not a terminal.\n`,
    );
    return "clear";
  }
  const hint = sandbox.shellHint();
  io.err(
    `landfall: the rules of ${report.name} are still in place${hint === null ? "" : `; a shell in the pod: ${hint}`}\n`,
  );
  if (afterwards === "keep" && outlives) {
    io.err("landfall: landfall sweep removes the pod.\n");
    return "keep";
  }
  io.err("landfall: press Enter to continue.\n");
  await waitForEnter();
  return "clear";
}

async function waitForEnter(): Promise<void> {
  process.stdin.resume();
  const interrupt = Promise.withResolvers<void>();
  using _interrupt = takeInterrupt(interrupt.resolve);
  await Promise.race([once(process.stdin, "data"), once(process.stdin, "end"), interrupt.promise]);
  process.stdin.pause();
}
