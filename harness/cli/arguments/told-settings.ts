import { capFindings, type Finding } from "../../model/finding.ts";
import type { CommandIo } from "../command.ts";
import { renderFinding } from "../output/error-text.ts";
import type { CaptureCommandLine } from "./capture-options.ts";

/** Tells which settings a command uses where no flag was typed, since commands differ in that, or what a manifest said where. */
export function tellDefaultConfig(
  { defaultConfig, manifestTold }: Pick<CaptureCommandLine, "defaultConfig" | "manifestTold">,
  io: Pick<CommandIo, "err">,
): void {
  for (const line of manifestTold) io.err(`landfall: ${line}\n`);
  if (defaultConfig !== "") io.err(`landfall: ${defaultConfig}\n`);
}

/** The most warnings that are shown. */
const WARNINGS_AT_MOST = 20;

/** Tells findings that stop nothing. */
export function tellWarnings(warnings: readonly Finding[], io: Pick<CommandIo, "err">): void {
  for (const warning of capFindings(warnings, WARNINGS_AT_MOST))
    io.err(`landfall: warning: ${renderFinding(warning)}\n`);
}
