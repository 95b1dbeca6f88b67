import type { NamespaceState } from "../../apply/namespace-state.ts";
import { type Preview, previewRules } from "../../apply/preview.ts";
import { renderReplacedRules } from "../../apply/replaced-rules.ts";
import { renderJson } from "../../report/json.ts";
import type { CaptureCommandLine } from "../arguments/capture-options.ts";
import type { CommandIo } from "../command.ts";
import { renderRulesData } from "../input/rules-data.ts";
import { renderPreview } from "./preview-text.ts";

/** What a dry run is about. */
export interface PreviewedLine {
  readonly line: CaptureCommandLine;
  readonly state: NamespaceState;
  /** What was told of the pod's addresses. */
  readonly warnings: readonly string[];
}

/** Tells what `apply` would do, as text or with `--json` as data; gives whether anything would change. */
export function tellPreview({ line, state, warnings: found }: PreviewedLine, io: CommandIo): Preview["outcome"] {
  const preview = previewRules(line.capture, state);
  const { variant, outcome, replaced, hasRecord, tables, policyRouting, rules } = preview;
  const warnings = [...found, ...preview.warnings];
  for (const warning of warnings) io.err(`landfall: warning: ${warning}\n`);
  io.err(renderReplacedRules(replaced, "would replace", hasRecord));
  const plan = { tables, policyRouting };
  const asJson = () => renderJson({ variant, outcome, warnings, replaced, plan, ...renderRulesData(rules, line) });
  io.out(line.options.values.has("json") ? asJson() : renderPreview(preview));
  return outcome;
}
