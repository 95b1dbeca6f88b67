import { NO_RULES } from "../../model/ruleset.ts";
import type { Installation } from "../../sandbox/sandbox.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";

/**
 * Gives what a run that is made from settings installs. An init container has the words of the command line, and in place of variables
 * what they come to. What files say is not in the pod: the rules go in as they are.
 */
export function chooseInstallation({
  capture,
  captureWords,
  options,
  origins,
  manifestTold,
}: CaptureCommandLine): Installation {
  const rules = capture.generated ?? NO_RULES;
  const { words, environment, files } = capture.words;
  const kinds = Object.values(origins).map(({ kind }) => kind);
  const isFromFile =
    manifestTold.length > 0 ||
    options.values.has("resolv-conf") ||
    kinds.includes("file") ||
    Object.keys(files).length > 0;
  if (isFromFile) return { kind: "rules", rules };
  if (kinds.includes("variable")) return { kind: "capture", flags: words, environment, rules };
  return { kind: "capture", flags: captureWords, environment: {}, rules };
}
