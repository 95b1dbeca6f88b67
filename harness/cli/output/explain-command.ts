import type { Manner } from "../../model/flow.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";

/** Options that `explain` has too, and that say of which rules and which pod it speaks. */
const SHARED = [
  "rules",
  "rules6",
  "table",
  "routing",
  "sets",
  "timed-sets",
  "assume",
  "contract",
  "manifest",
  "mesh-config",
  "pod-ip",
  "resolv-conf",
];

/**
 * Gives the command that explains a flow under the rules and in the pod that a command line speaks of, ready to be pasted into a shell;
 * `further` words come last.
 *
 * @example
 * writeExplain("app -> upstream:80", "answer", line)   // landfall explain 'app -> upstream:80' -u 1337 -b '*' --rules rules.txt
 */
export function writeExplain(
  flow: string,
  manner: Manner,
  { options, captureWords }: CaptureCommandLine,
  further: readonly string[] = [],
): string {
  const shared = SHARED.flatMap((name) => (options.values.get(name) ?? []).flatMap((value) => [`--${name}`, value]));
  const asked = manner === "forward" ? ["--forward"] : [];
  return ["landfall", "explain", flow, ...asked, ...captureWords, ...shared, ...further].map(quoteForShell).join(" ");
}
